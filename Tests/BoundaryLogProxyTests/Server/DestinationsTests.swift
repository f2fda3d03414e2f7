import BoundaryLogProxy
import EventLoop
import Glibc
import HTTPServer
import Logging
import Pipeline
import TestSupport
import Testing

/// Two destinations at once: an HTTP server that the test plays, and a file.
@Suite struct DestinationsTests {
    let directory = TemporaryDirectory()
    private var file: String { directory.path("out") }

    private func bench(_ options: [String: String] = [:]) throws -> Bench {
        try Bench(["reporter": "http,file", "file-path": file, "flush-interval": "0"].merging(options) { $1 })
    }

    private var spool: [String: String] { ["spool-dir": directory.path("spool"), "drain-timeout": "50ms"] }

    private func linesInFile() -> Int {
        guard let stream = fopen(file, "r") else { return 0 }
        defer { fclose(stream) }
        var count = 0
        while case let byte = getc(stream), byte != EOF { if byte == 10 { count += 1 } }
        return count
    }

    private func send(_ bench: Bench, _ numbers: Range<Int32>) {
        let client = TestClient(bench.socketPath)
        for number in numbers { client.write(TestFrame.logs(session: "a", sequence: number..<number + 1)) }
        client.close()
    }

    @Test func eachGetsEveryLog() throws {
        let bench = try bench()
        send(bench, 0..<40)
        bench.run(until: "both have all") { bench.snapshot.destinations.allSatisfy { $0.ledger.delivered.logs == 40 } }
        #expect(bench.received() == (0..<40).map { "a/\($0)" })
        let end = bench.finish()
        #expect(end.destinations.map(\.name) == ["http", "file"])
        #expect(end.destinations.allSatisfy { $0.ledger.balances && $0.ledger.received.logs == 40 })
        #expect(end.ledger.delivered.logs == 80 && linesInFile() == 40)
    }

    @Test func oneThatIsDownDoesNotHoldUpTheOther() throws {
        let bench = try bench(["buffer-bytes": "1MiB", "request-bytes-max": "64KiB"])
        bench.answer = { _ in HTTPServerResponse(status: 503) }
        let client = TestClient(bench.socketPath)
        var sent: Int32 = 0
        while bench.snapshot.destinations[0].ledger.droppedBufferFull == Tally(), sent < 20_000 {
            client.write(TestFrame.logs(session: "a", sequence: sent..<sent + 10, urlBytes: 900))
            sent += 10
            bench.run(until: "the file has it") { bench.snapshot.destinations[1].ledger.delivered.logs == UInt64(sent) }
        }
        let (http, file) = (bench.snapshot.destinations[0], bench.snapshot.destinations[1])
        #expect(http.ledger.droppedBufferFull.logs > 0 && http.ledger.delivered == Tally() && http.trouble?.contains("503") == true)
        #expect(file.ledger.dropped == Tally() && file.trouble == nil)
        let metrics = bench.proxy!.metricsText
        #expect(metrics.contains("agent_boundary_log_proxy_destination_up{destination=\"http\"} 0\n"))
        #expect(metrics.contains("agent_boundary_log_proxy_destination_up{destination=\"file\"} 1\n"))
        #expect(metrics.contains("agent_boundary_log_proxy_logs_forwarded_total{destination=\"file\"} \(sent)\n"))
        #expect(metrics.contains("agent_boundary_log_proxy_logs_received_total \(sent)\n"))
        #expect(bench.messages.count(containing: "destination: http") > 0 || bench.messages.count(containing: "\"destination\": http") > 0)
        bench.answer = { _ in HTTPServerResponse(status: 200) }
        client.close()
        let end = bench.finish()
        #expect(end.destinations[0].ledger.delivered.logs + end.destinations[0].ledger.dropped.logs == UInt64(sent))
    }

    @Test func eachHasASpoolOfItsOwn() throws {
        let first = try bench(spool)
        first.answer = { _ in HTTPServerResponse(status: 503) }
        send(first, 0..<9)
        first.run(until: "the file has all") { first.snapshot.destinations[1].ledger.delivered.logs == 9 }
        let end = first.finish()
        #expect(end.destinations[0].ledger.spooled.logs == 9 && end.destinations[1].ledger.spooled == Tally())
        #expect(first.directory.path != directory.path)

        // The other way round: the file's own.
        let second = try bench(spool.merging(["reporter": "http,file", "file-path": "/dev/full"]) { $1 })
        send(second, 9..<12)
        second.run(until: "the server has all") { second.snapshot.destinations[0].ledger.delivered.logs == 12 }
        let middle = second.finish()
        #expect(middle.destinations[0].ledger.recovered.logs == 9 && middle.destinations[1].ledger.recovered == Tally())
        #expect(middle.destinations[1].ledger.spooled.logs == 3)

        let third = try bench(spool)
        third.run(until: "the file has the rest") { third.snapshot.destinations[1].ledger.delivered.logs == 3 }
        #expect(third.finish().destinations.map(\.ledger.recovered.logs) == [0, 3])
        #expect(linesInFile() == 12)
    }

    @Test func aDestinationThatLeavesIsNotForgotten() throws {
        let first = try bench(spool.merging(["file-path": "/dev/full"]) { $1 })
        send(first, 0..<3)
        first.run(until: "the server has all") { first.snapshot.destinations[0].ledger.delivered.logs == 3 }
        #expect(first.finish().destinations[1].ledger.spooled.logs == 3)
        // Without it: said, and kept.
        let alone = try Bench(spool)
        alone.run(until: "it is said") { alone.messages.count(containing: "spool-file") > 0 }
        alone.finish()
        let again = try bench(spool)
        again.run(until: "it gets them") { again.snapshot.destinations[1].ledger.delivered.logs == 3 }
        again.finish()
    }
}
