import BoundaryLogProxy
import Glibc
import HTTPServer
import Pipeline
import TestSupport
import Testing

/// Other settings for a proxy at work: what is under way and what waits stays, and no connection is closed.
@Suite struct ReloadTests {
    private func options(_ bench: Bench, _ changes: [String: String]) throws -> Configuration {
        var all = ["socket": bench.socketPath, "http-url": "http://127.0.0.1:\(bench.sink!.port)/logs", "drain-timeout": "20s"]
        all.merge(changes) { $1 }
        return try TestConfiguration.make(all)
    }

    @Test func aDeliveryUnderWayEndsWhereItBeganAndTheNextGoesTheNewWay() throws {
        let bench = try Bench()
        bench.answer = { _ in nil }
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<5))
        bench.run(until: "the first is under way") { bench.requests.count == 1 }
        let changes = try bench.proxy!.apply(options(bench, ["http-header": "X-New: yes", "http-compression": "none", "in-flight-max": "2"]))
        #expect(changes.live.map(\.name) == ["http-header", "in-flight-max"] && changes.waiting.isEmpty)
        client.write(TestFrame.logs(session: "b", sequence: 0..<5))
        bench.run(until: "the second is under way too, by the new settings") { bench.requests.count == 2 }
        #expect(bench.requests[0].headers["x-new"] == nil && bench.requests[1].headers["x-new"] == "yes")
        bench.answer = { _ in HTTPServerResponse(status: 200) }
        bench.answerHeld(HTTPServerResponse(status: 200))
        bench.run(until: "both are settled") { bench.snapshot.ledger.delivered.logs == 10 }
        // Counters do not begin anew with a reporter.
        bench.run(until: "the old reporter is gone") { bench.snapshot.reporter?.attempts == 2 }
        client.write(TestFrame.logs(session: "a", sequence: 5..<6))
        client.close()
        let end = bench.finish()
        #expect(bench.received() == (0..<5).map { "a/\($0)" } + (0..<5).map { "b/\($0)" } + ["a/5"])
        #expect(end.ledger.delivered.logs == 11 && end.deliveries.transient == 0 && end.reporter?.attempts == 3)
    }

    @Test func whatFailedAtTheOldPlaceIsTriedAtTheNewOneAtOnce() throws {
        let bench = try Bench(["http-url": "http://127.0.0.1:1/nobody"])
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<5))
        bench.run(until: "it has failed") { bench.snapshot.deliveries.transient > 0 }
        try bench.proxy!.apply(options(bench, [:]))
        bench.run(until: "it is delivered") { bench.snapshot.ledger.delivered.logs == 5 }
        client.close()
        bench.finish()
        #expect(bench.received() == (0..<5).map { "a/\($0)" })
    }

    @Test func anEndWhileAnOldReporterIsStillAtIt() throws {
        let bench = try Bench(["drain-timeout": "100ms"])
        bench.answer = { _ in nil }
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<5))
        bench.run(until: "it is under way") { bench.requests.count == 1 }
        try bench.proxy!.apply(options(bench, ["http-timeout": "1h", "drain-timeout": "100ms"]))
        client.close()
        #expect(bench.finish().ledger.droppedShutdown.logs == 5)
    }

    @Test func whatCannotBeAppliedChangesNothing() throws {
        let bench = try Bench(["flush-interval": "100ms"])
        #expect(throws: StartFailure.self) {
            try bench.proxy!.apply(options(bench, ["flush-interval": "1s", "http-token-file": bench.directory.path("none")]))
        }
        #expect(throws: StartFailure.self) { try bench.proxy!.apply(options(bench, ["http-timeout": "7s", "socket-group": "no-such-group-here"])) }
        #expect(bench.proxy!.configuration.flushInterval == .milliseconds(100) && bench.proxy!.configuration.http.timeout == .seconds(30))
        #expect(bench.snapshot.reloads.failed == 2 && bench.snapshot.reloads.hasLastFailed)
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<5))
        client.close()
        #expect(bench.finish().ledger.delivered.logs == 5)
    }

    @Test func connectionsAboveALowerBoundStay() throws {
        let bench = try Bench(["connections-max": "3"])
        let clients = (0..<3).map { _ in TestClient(bench.socketPath) }
        bench.run(until: "all are in") { bench.snapshot.connections == 3 }
        try bench.proxy!.apply(options(bench, ["connections-max": "1"]))
        let refused = TestClient(bench.socketPath)
        try bench.runUntilHangUp(refused)
        #expect(bench.snapshot.connections == 3 && bench.snapshot.connectionsMax == 1)
        for (number, client) in clients.enumerated() {
            #expect(client.write(TestFrame.logs(session: "\(number)", sequence: 0..<2)))
            client.close()
        }
        #expect(bench.finish().ledger.delivered.logs == 6)
    }

    @Test func anIdleTimeoutHoldsForThoseThatAreThere() throws {
        let bench = try Bench()
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<2))
        bench.run(until: "it is in") { bench.snapshot.ledger.delivered.logs == 2 }
        try bench.proxy!.apply(options(bench, ["connection-idle-timeout": "50ms"]))
        try bench.runUntilHangUp(client)
        #expect(bench.finish().ingest.connectionsIdleClosed == 1)
    }

    @Test func whoMaySpeakIsAskedAnewOfThoseWhoCome() throws {
        let bench = try Bench()
        let client = TestClient(bench.socketPath)
        bench.run(until: "it is in") { bench.snapshot.connections == 1 }
        try bench.proxy!.apply(options(bench, ["allow-uid": "\(geteuid() + 1)"]))
        let refused = TestClient(bench.socketPath)
        try bench.runUntilHangUp(refused)
        #expect(throws: StartFailure.self) { try bench.proxy!.apply(options(bench, ["allow-uid": "no-such-user-here"])) }
        // Who was there before stays.
        client.write(TestFrame.logs(session: "a", sequence: 0..<2))
        client.close()
        let end = bench.finish()
        #expect(end.ledger.delivered.logs == 2 && end.ingest.connectionsNotAllowed == 1)
    }

    @Test func aFrameTimeoutHoldsForAFrameThatWasBegun() throws {
        let bench = try Bench(["frame-timeout": "0"])
        let client = TestClient(bench.socketPath)
        let frame = TestFrame.logs(session: "a", sequence: 0..<2)
        client.write(frame + frame.prefix(9))
        bench.run(until: "the first is in") { bench.snapshot.ledger.delivered.logs == 2 }
        try bench.proxy!.apply(options(bench, ["frame-timeout": "50ms"]))
        try bench.runUntilHangUp(client)
        #expect(bench.finish().ledger.received.logs == 2)
    }

    @Test func aRateLimitComesAndGoes() throws {
        let bench = try Bench(["client-rate-limit": "1KiB"])
        let client = TestClient(bench.socketPath)
        // The burst is 64 KiB; the rest would take minutes.
        let frame = TestFrame.logs(session: "a", sequence: 0..<1, urlBytes: 20_000)
        for _ in 0..<8 { client.write(frame) }
        bench.run(until: "it has to wait") { bench.snapshot.connectionsRateLimited == 1 }
        try bench.proxy!.apply(options(bench, ["client-rate-limit": "0"]))
        bench.run(until: "all is read") { bench.snapshot.ledger.delivered.logs == 8 }
        #expect(bench.snapshot.connectionsRateLimited == 0)
        client.close()
        bench.finish()
    }

    @Test func readingGoesOnWhenThePolicyIsNotToBlockAnyMore() throws {
        let bench = try Bench(["overflow": "block", "buffer-bytes": "1MiB", "request-bytes-max": "64KiB"])
        bench.answer = { _ in nil }
        let client = TestClient(bench.socketPath)
        let frame = TestFrame.logs(session: "a", sequence: 0..<1, urlBytes: 20_000)
        var sent = 0
        var rest = frame[...]
        bench.run(until: "reading stands still") {
            rest = rest.dropFirst(client.writeSome(rest) ?? 0)
            if rest.isEmpty { (sent, rest) = (sent + 1, frame[...]) }
            return bench.snapshot.isReadingPaused
        }
        // A larger buffer has room for what waits.
        try bench.proxy!.apply(options(bench, ["overflow": "drop-newest", "buffer-bytes": "4MiB", "request-bytes-max": "64KiB"]))
        bench.run(until: "all is read") { bench.snapshot.ledger.received.logs >= UInt64(sent) }
        #expect(!bench.snapshot.isReadingPaused && bench.snapshot.ringBytesMax == 4 << 20)
        bench.answer = { _ in HTTPServerResponse(status: 200) }
        bench.answerHeld(HTTPServerResponse(status: 200))
        client.close()
        let end = bench.finish()
        #expect(end.ledger.dropped == Tally() && end.ledger.delivered == end.ledger.received)
    }

    @Test func aSmallerBufferKeepsWhatWaits() throws {
        let bench = try Bench(["buffer-bytes": "8MiB", "request-bytes-max": "64KiB"])
        bench.answer = { _ in nil }
        let client = TestClient(bench.socketPath)
        for number in Int32(0)..<200 {
            client.write(TestFrame.logs(session: "a", sequence: number..<number + 1, urlBytes: 20_000))
            bench.run(until: "it is in") { bench.snapshot.ledger.received.logs == UInt64(number) + 1 }
        }
        try bench.proxy!.apply(options(bench, ["buffer-bytes": "1MiB", "request-bytes-max": "64KiB"]))
        #expect(bench.snapshot.ringBytes > 1 << 20 && bench.snapshot.ledger.dropped == Tally())
        client.write(TestFrame.logs(session: "a", sequence: 200..<201, urlBytes: 20_000))
        bench.run(until: "one more than fits has come") { bench.snapshot.ledger.received.logs == 201 }
        bench.answer = { _ in HTTPServerResponse(status: 200) }
        bench.answerHeld(HTTPServerResponse(status: 200))
        client.close()
        let end = bench.finish()
        #expect(end.ledger.delivered.logs + end.ledger.dropped.logs == 201 && end.ledger.dropped.logs <= 1)
    }

    @Test func theSocketsRightsFollow() throws {
        let bench = try Bench()
        var status = stat()
        stat(bench.socketPath, &status)
        #expect(status.st_mode & 0o777 == 0o600)
        try bench.proxy!.apply(options(bench, ["socket-mode": "0660"]))
        stat(bench.socketPath, &status)
        #expect(status.st_mode & 0o777 == 0o660)
        // A path that is not this socket any more is nobody's business.
        unlink(bench.socketPath)
        close(open(bench.socketPath, O_CREAT | O_WRONLY, 0o600))
        #expect(throws: StartFailure.self) { try bench.proxy!.apply(options(bench, ["socket-mode": "0666"])) }
        stat(bench.socketPath, &status)
        #expect(status.st_mode & 0o777 == 0o600)
        bench.finish()
    }

    @Test func whileItStopsNothingIsApplied() throws {
        let bench = try Bench()
        bench.stop()
        #expect(throws: StartFailure.self) { try bench.proxy!.apply(options(bench, ["flush-interval": "1s"])) }
        bench.finish()
    }
}
