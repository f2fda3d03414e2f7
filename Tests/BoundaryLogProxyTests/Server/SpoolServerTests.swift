import BoundaryLogProxy
import EventLoop
import Glibc
import HTTPServer
import Logging
import Pipeline
import TestSupport
import Testing

/// The proxy with a spool: what a stop, a crash or a long outage leaves, and what the next one makes of it.
@Suite struct SpoolServerTests {
    let directory = TemporaryDirectory()

    private func bench(_ options: [String: String] = [:]) throws -> Bench {
        let bench = try Bench(["spool-dir": directory.path("spool")].merging(options) { $1 })
        bench.run(until: "the spool is open") { bench.snapshot.spool?.statistics.jobs != 0 }
        return bench
    }

    private static func keys(_ bench: Bench) -> [String] { bench.requests.map { $0.headers["idempotency-key"] ?? "none" } }

    @Test func whatADrainCannotDeliverWaitsInTheSpoolForTheNextProxy() throws {
        let first = try bench(["drain-timeout": "20ms"])
        first.answer = { _ in HTTPServerResponse(status: 503) }
        let client = TestClient(first.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<3) + TestFrame.logs(session: "b", sequence: 0..<4))
        client.write(TestFrame.logs(session: "a", sequence: 3..<5))
        client.close()
        let end = first.finish()
        #expect(end.ledger.dropped == Tally())
        #expect(end.ledger.spooled == Tally(logs: 9, batches: 3))

        let second = try bench()
        second.run(until: "all is delivered") { second.snapshot.ledger.delivered.logs == 9 }
        let (received, keys) = (second.received(), Self.keys(second))
        #expect(received.filter { $0.hasPrefix("a/") } == (0..<5).map { "a/\($0)" })
        #expect(received.filter { $0.hasPrefix("b/") } == (0..<4).map { "b/\($0)" })
        #expect(Set(keys).count == keys.count)
        if let tried = Self.keys(first).first { #expect(keys.contains(tried), "what was tried before comes under its key") }
        let last = second.finish()
        #expect(last.ledger.recovered == Tally(logs: 9, batches: 3))
        #expect(last.ledger.spooled == Tally())
        #expect(try bench().finish().ledger.recovered == Tally())
    }

    @Test func whileTheDestinationIsWellTheSpoolIsNotWritten() throws {
        let bench = try bench(["flush-interval": "0"])
        let client = TestClient(bench.socketPath)
        for number in Int32(0)..<50 {
            client.write(TestFrame.logs(session: "a", sequence: number..<number + 1))
            bench.run(until: "it is delivered") { bench.snapshot.ledger.delivered.logs == UInt64(number) + 1 }
        }
        #expect(bench.snapshot.spool?.statistics.runsWritten == 0)
        #expect(bench.snapshot.spool?.statistics.jobs == 1, "the one that opened it")
        client.close()
        bench.finish()
    }

    @Test func withSyncEverythingGoesThroughTheSpool() throws {
        let bench = try bench(["durability": "sync", "flush-interval": "0"])
        let client = TestClient(bench.socketPath)
        for number in Int32(0)..<20 { client.write(TestFrame.message(session: "s\(number % 3)", sequence: number / 3..<number / 3 + 1)) }
        bench.run(until: "all is delivered") { bench.snapshot.ledger.delivered.logs == 20 }
        for session in 0..<3 {
            let logs = bench.received().filter { $0.hasPrefix("s\(session)/") }
            #expect(logs == (0..<(20 + 2 - session) / 3).map { "s\(session)/\($0)" })
        }
        client.close()
        let end = bench.finish()
        #expect(end.spool?.statistics.runsWritten != 0)
        #expect(end.ledger.spooled == Tally())
    }

    @Test func aDeliveryThatIsNotAnsweredIsStoredUnderItsKey() throws {
        let first = try bench(["spool-after": "1ms", "drain-timeout": "0"])
        first.answer = { _ in nil }
        let client = TestClient(first.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<3))
        first.run(until: "it is stored") { first.snapshot.spool?.statistics.runsWritten == 1 }
        #expect(first.snapshot.ledger.inFlight.logs == 3)
        client.write(TestFrame.logs(session: "a", sequence: 3..<6))
        first.run(until: "what follows it is stored") { first.snapshot.ledger.spooled.logs == 3 }
        client.close()
        let key = Self.keys(first)[0]
        #expect(first.finish().ledger.spooled.logs == 6)

        let second = try bench()
        second.run(until: "all is delivered") { second.snapshot.ledger.delivered.logs == 6 }
        #expect(second.received() == (0..<6).map { "a/\($0)" })
        #expect(Self.keys(second).first == key)
        second.finish()
    }

    @Test func anAnswerAfterAllTakesTheStoredLogsAway() throws {
        let bench = try bench(["spool-after": "1ms"])
        bench.answer = { _ in nil }
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<3))
        bench.run(until: "it is stored") { bench.snapshot.spool?.statistics.runsWritten == 1 && bench.requests.count == 1 }
        bench.answerHeld(HTTPServerResponse(status: 200))
        bench.run(until: "its row is gone") { bench.snapshot.spool?.view.content.bytes == 0 }
        client.close()
        #expect(bench.finish().ledger.delivered.logs == 3)
        #expect(try self.bench().finish().ledger.recovered == Tally())
    }

    @Test func aFullRingSpillsInsteadOfDropping() throws {
        let bench = try bench(["buffer-bytes": "1MiB", "request-bytes-max": "64KiB", "spool-after": "1h"])
        bench.answer = { _ in HTTPServerResponse(status: 503) }
        let client = TestClient(bench.socketPath)
        let frame = { (number: Int32) in TestFrame.logs(session: "a", sequence: number * 10..<number * 10 + 10, urlBytes: 1000) }
        for number in Int32(0)..<400 {
            bench.run(until: "there is room, because the spool has taken what was there") { bench.snapshot.ringBytes < 600 << 10 }
            client.write(frame(number))
            bench.run(until: "it is read") { bench.snapshot.ledger.received.batches == UInt64(number) + 1 }
        }
        #expect(bench.snapshot.ledger.dropped == Tally())
        #expect(bench.snapshot.ledger.spooled.batches > 200)
        bench.answer = { _ in HTTPServerResponse(status: 200) }
        bench.forgetRequests()
        client.close()
        bench.run(until: "all is delivered") { bench.snapshot.ledger.delivered.logs == 4000 }
        let isInOrder = bench.received() == (0..<4000).map { "a/\($0)" }
        #expect(isInOrder)
        #expect(bench.finish().ledger.dropped == Tally())
    }

    @Test func aSecondProxyOnTheSameSpoolIsAnError() throws {
        let bench = try bench()
        let other = try EventLoop()
        defer {
            other.run()
            other.close()
        }
        let configuration = try TestConfiguration.make([
            "socket": directory.path("other"), "spool-dir": directory.path("spool"), "reporter": "file", "file-path": directory.path("out"),
        ])
        #expect {
            _ = try ProxyServer(configuration, loop: other, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        } throws: { error in
            "\(error)".contains(directory.path("spool"))
        }
        #expect(!directory.entries.contains("other"), "nothing was made")
        bench.finish()
    }

    @Test(arguments: ["spill", "memory"])
    func whatIsTooOldIsGivenUp(durability: String) throws {
        let options = durability == "memory" ? ["durability": "memory"] : ["spool-dir": directory.path("spool"), "spool-after": "1ms"]
        let bench = try Bench(["give-up-after": "1ms", "drain-timeout": "10s"].merging(options) { $1 })
        bench.answer = { _ in HTTPServerResponse(status: 503) }
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<3) + TestFrame.logs(session: "b", sequence: 0..<2))
        client.close()
        bench.run(until: "both are given up") { bench.snapshot.ledger.droppedForwardFailed.logs == 5 }
        #expect(bench.finish().ledger.spooled == Tally())
        #expect(bench.messages.count(containing: "give-up-after") > 0)
    }

    @Test func aDirectoryThatCannotBeUsedIsNoReasonToStop() throws {
        // A file in its place.
        let path = directory.path("spool")
        fclose(fopen(path, "w"))
        let bench = try bench(["flush-interval": "0"])
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<3))
        bench.run(until: "it is delivered all the same") { bench.snapshot.ledger.delivered.logs == 3 }
        bench.run(until: "the failure is told") { bench.messages.count(containing: "the spool does not work") == 1 }
        #expect(bench.messages.count(containing: path) > 0)
        #expect(bench.snapshot.spool?.view.failingSince != nil)
        unlink(path)
        bench.run(until: "it is tried again, although nothing comes") { bench.snapshot.spool?.view.failingSince == nil }
        #expect(bench.messages.count(containing: "the spool works again") == 1)
        client.close()
        #expect(bench.finish().ledger.delivered.logs == 3)
    }
}
