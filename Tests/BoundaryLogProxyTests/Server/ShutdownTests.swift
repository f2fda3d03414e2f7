import BoundaryLogProxy
import HTTPServer
import Pipeline
import Testing

@Suite struct ShutdownTests {
    @Test func clientsThatWroteAndLeftJustBeforeTheStopLoseNothing() throws {
        let bench = try Bench()
        // The loop has not turned: nobody has accepted these yet.
        for number in 0..<100 {
            let client = TestClient(bench.socketPath)
            client.write(TestFrame.message(session: "s\(number)", sequence: 0..<10))
            client.close()
        }
        bench.stop()
        let end = bench.finish()
        #expect(end.ledger.delivered == Tally(logs: 1000, batches: 100))
        #expect(end.ledger.dropped == Tally())
    }

    @Test func thePathIsGoneAtOnceAndClientsAreReadToTheirEnd() throws {
        let bench = try Bench()
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<1))
        bench.run(until: "the first log is delivered") { bench.snapshot.ledger.delivered.logs == 1 }
        bench.stop()
        #expect(bench.directory.entries == [])
        client.write(TestFrame.logs(session: "a", sequence: 1..<5))
        bench.run(until: "what came during the drain is delivered") { bench.snapshot.ledger.delivered.logs == 5 }
        #expect(!bench.isStopped)
        client.close()
        #expect(bench.finish().ledger.delivered.logs == 5)
    }

    @Test func aClientThatStaysIsCutOffAndWhatItWroteIsDelivered() throws {
        let bench = try Bench(["drain-timeout": "50ms"])
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<3))
        // Before the time for the drain begins, which on a busy machine is short; `aSecondStopCutsTheDrainShort` has a client whose log is unread then.
        bench.run(until: "the logs are delivered") { bench.snapshot.ledger.delivered.logs == 3 }
        let end = bench.finish()
        #expect(end.ledger.delivered.logs == 3 && end.ledger.dropped == Tally())
        #expect(client.waitForHangUp())
        #expect(!client.write([1]), "its writes fail, so that it knows")
    }

    @Test func whatCannotBeDeliveredInTimeIsCounted() throws {
        let bench = try Bench(["drain-timeout": "20ms"])
        bench.answer = { _ in HTTPServerResponse(status: 503) }
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<3) + TestFrame.logs(session: "b", sequence: 0..<4))
        client.close()
        let end = bench.finish()
        #expect(end.ledger.droppedShutdown == Tally(logs: 7, batches: 2))
    }

    @Test func whatStillLayInTheKernelIsCountedToo() throws {
        let bench = try Bench([
            "drain-timeout": "20ms", "overflow": "block", "buffer-bytes": "1MiB", "request-bytes-max": "64KiB",
        ])
        bench.answer = { _ in nil }
        let client = TestClient(bench.socketPath)
        let frame = TestFrame.logs(session: "a", sequence: 0..<10, urlBytes: 1000)
        var sent = 0
        var rest = frame[...]
        bench.run(until: "reading stands still and the socket is full") {
            var took = 0
            while let count = client.writeSome(rest), count > 0 {
                took += count
                rest = rest.dropFirst(count)
                if rest.isEmpty {
                    sent += 10
                    rest = frame[...]
                }
            }
            if took > 0 { bench.loop.turnSoon() }
            return bench.snapshot.isReadingPaused && took == 0
        }
        client.close()
        let end = bench.finish()
        #expect(end.ledger.received.logs == UInt64(sent))
        #expect(end.ledger.droppedShutdown.logs == UInt64(sent))
    }

    @Test func aSecondStopCutsTheDrainShort() throws {
        let bench = try Bench(["drain-timeout": "1h"])
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<1))
        bench.stop()
        bench.run(until: "the log is delivered") { bench.snapshot.ledger.delivered.logs == 1 }
        bench.proxy!.stopNow()
        #expect(bench.finish().ledger.dropped == Tally())
    }

    @Test func aDestinationThatNeverAnswersDoesNotHoldTheEndUp() throws {
        let bench = try Bench(["drain-timeout": "20ms"])
        bench.answer = { _ in nil }
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<2))
        client.close()
        #expect(bench.finish().ledger.droppedShutdown.logs == 2)
    }
}
