import BoundaryLogProxy
import HTTPServer
import Pipeline
import Testing

/// The audit in the proxy: what it is given, and where its findings appear.
@Suite struct SequenceAuditServerTests {
    @Test func aConnectionThatEndsWithHolesIsWarnedOf() throws {
        let bench = try Bench()
        let client = TestClient(bench.socketPath)
        client.write(
            TestFrame.message(session: "a", sequence: 0..<10) + TestFrame.message(session: "a", sequence: 15..<20)
                + TestFrame.logs(session: "a", sequence: 21..<22))
        bench.run(until: "the logs are delivered") { bench.snapshot.ledger.delivered.logs == 16 }
        #expect(bench.snapshot.sequences.missing == 6 && bench.messages.count(containing: "logs are missing") == 0)
        client.close()
        bench.run(until: "the connection has ended") { bench.snapshot.connections == 0 }
        #expect(bench.messages.count(containing: "logs are missing") == 1)
        let line = try #require(bench.messages.lines.first { $0.contains("logs are missing") })
        #expect(line.hasPrefix("warning") && line.contains("10..14, 20") && line.contains("\"session\": a") && line.contains("\"missing\": 6"), "\(line)")

        // Filled by another connection: nothing is missing, nothing is said.
        let late = TestClient(bench.socketPath)
        late.write(TestFrame.message(session: "a", sequence: 10..<15) + TestFrame.message(session: "a", sequence: 20..<21))
        late.close()
        let end = bench.finish()
        #expect(end.sequences.missing == 0 && end.sequences.counters.outOfOrder == 6 && end.sequences.counters.duplicated == 0)
        #expect(bench.messages.count(containing: "logs are missing") == 1)
    }

    @Test func manyConnectionsWithHolesAreOneWarningASecond() throws {
        let bench = try Bench()
        let clients = (0..<30).map { _ in TestClient(bench.socketPath) }
        for (number, client) in clients.enumerated() {
            client.write(TestFrame.message(session: "s\(number)", sequence: 0..<1) + TestFrame.message(session: "s\(number)", sequence: 2..<3))
            client.close()
        }
        let end = bench.finish()
        #expect(end.sequences.missing == 30 && end.sequences.sessions == 30)
        #expect(bench.messages.lines.filter { $0.contains("logs are missing") }.count < 30)
    }

    @Test func whatTheProxyDropsHasArrived() throws {
        let bench = try Bench(["buffer-bytes": "1MiB", "request-bytes-max": "256KiB", "overflow": "drop-newest"])
        bench.answer = { _ in nil }
        let client = TestClient(bench.socketPath)
        for start in stride(from: Int32(0), to: 2000, by: 10) {
            client.write(TestFrame.logs(session: "a", sequence: start..<start + 10, urlBytes: 1000))
            let (wanted, now) = (UInt64(start) + 10, bench)
            bench.run(until: "the frame is read") { now.snapshot.ledger.received.logs >= wanted }
        }
        #expect(bench.snapshot.ledger.droppedBufferFull.logs > 0)
        #expect(bench.snapshot.sequences.missing == 0 && bench.snapshot.sequences.counters == SequenceCounters())
        client.close()
        bench.answer = { _ in HTTPServerResponse(status: 200) }
        bench.answerHeld(HTTPServerResponse(status: 200))
        bench.finish()
    }

    /// A frame for which there is no room is offered again, and must not be seen twice.
    @Test func aFrameThatWaitsForRoomIsSeenOnce() throws {
        let bench = try Bench(["buffer-bytes": "1MiB", "request-bytes-max": "256KiB", "overflow": "block"])
        bench.answer = { _ in nil }
        let client = TestClient(bench.socketPath)
        var bytes: [UInt8] = []
        for start in stride(from: Int32(0), to: 3000, by: 10) {
            bytes += TestFrame.logs(session: "a", sequence: start..<start + 10, urlBytes: 1000)
        }
        var written = 0
        bench.run(until: "the ring is full") {
            written += client.writeSome(bytes[written...]) ?? 0
            return bench.snapshot.isReadingPaused
        }
        bench.answer = { _ in HTTPServerResponse(status: 200) }
        bench.answerHeld(HTTPServerResponse(status: 200))
        bench.run(until: "all is written") {
            written += client.writeSome(bytes[written...]) ?? 0
            return written == bytes.count
        }
        client.close()
        let end = bench.finish()
        #expect(end.ingest.pauses > 0 && end.ledger.delivered.logs == 3000)
        #expect(end.sequences.missing == 0 && end.sequences.counters == SequenceCounters())
    }

    @Test func oldClientsRaiseNoAlarm() throws {
        let bench = try Bench()
        let client = TestClient(bench.socketPath)
        for number in [Int32](repeating: 0, count: 5) { client.write(TestFrame.logs(session: "", sequence: number..<number + 1)) }
        client.close()
        let end = bench.finish()
        #expect(end.sequences.logsWithoutSession == 5 && end.sequences.sessions == 0 && end.sequences.missing == 0)
        #expect(bench.messages.count(containing: "missing") == 0)
    }

    @Test func theStatusHasTheSessions() throws {
        let bench = try Bench()
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.message(session: "a", sequence: 0..<2) + TestFrame.message(session: "b", sequence: 0..<1) + TestFrame.message(session: "a", sequence: 4..<5))
        bench.run(until: "the logs are delivered") { bench.snapshot.ledger.delivered.logs == 4 }
        let sessions = bench.proxy!.recentSessions(20)
        #expect(sessions.map(\.session) == ["a", "b"] && sessions[0].holesText(max: 5) == "2..3" && sessions[0].last == 4 && sessions[0].logs == 3)
        #expect(bench.proxy!.recentSessions(1).count == 1)
        client.close()
        bench.finish()
    }
}
