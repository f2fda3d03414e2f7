import BoundaryLogProxy
import Pipeline
import Testing

/// Against the libraries that coderd uses.
@Suite(.timeLimit(.minutes(4))) struct CoderDeliveryTests {
    @Test(arguments: [1, 8])
    func everyLogArrivesOnceAndInOrder(inFlightMax: Int) throws {
        let bench = try CoderBench(["in-flight-max": "\(inFlightMax)"])
        for number in 0..<20 { bench.write(SessionName.number(number), 0..<500) }
        let (end, report) = bench.finish()
        #expect(end.ledger.delivered.logs == 10_000 && end.ledger.dropped == Tally())
        #expect(report["unique"].integer == 10_000 && report["duplicates"].integer == 0)
        #expect(report["dials"].integer == 1 && report["sessions_opened"].integer == 1)
        // Streams are used again.
        #expect(report["streams"].integer! <= inFlightMax)
        #expect(report["last_dial"] != .null)
        let session = end.session!
        #expect(session.callsSucceeded == end.deliveries.delivered && session.dials == 1 && session.reconnects == 0)
    }

    @Test func requestsLargerThanTheWindowGoThrough() throws {
        let bench = try CoderBench(["request-bytes-max": "8MiB", "buffer-bytes": "32MiB"])
        bench.standIn.do(#""do":"answer","how":"late","ms":50,"calls":1"#)
        // While the first one is under way, enough gathers for requests of the largest size.
        bench.write(SessionName.number(1), 0..<1)
        bench.run(until: "it is under way") { bench.session.callsInFlight == 1 }
        bench.write(SessionName.number(1), 1..<6001, urlBytes: 2000)
        let (end, report) = bench.finish()
        #expect(end.ledger.delivered.logs == 6001 && end.deliveries.transient == 0)
        #expect(report["unique"].integer == 6001 && report["calls_malformed"].integer ?? 0 == 0)
    }

    @Test func anIdleSessionIsSeenAtTheStart() throws {
        let bench = try CoderBench()
        bench.runUntilOpen()
        #expect(bench.session.version == "2.7" && bench.snapshot.obstacle == nil)
        #expect(bench.messages.count(containing: "the session with coderd is open") == 1)
        bench.finish()
    }

    @Test func goAwayIsFollowedByANewSessionWithoutAFailure() throws {
        let bench = try CoderBench()
        bench.write(SessionName.number(1), 0..<10)
        bench.runUntilDelivered(10)
        bench.standIn.do(#""do":"answer","how":"late","ms":100,"calls":1"#)
        bench.write(SessionName.number(1), 10..<20)
        bench.run(until: "a call is under way") { bench.session.callsInFlight == 1 }
        bench.standIn.do(#""do":"go-away""#)
        bench.run(until: "the session is left") { bench.session.state == .leaving }
        bench.write(SessionName.number(2), 0..<10)
        let (end, report) = bench.finish()
        #expect(end.ledger.delivered.logs == 30 && end.deliveries.transient == 0, "\(end.deliveries)")
        #expect(end.session!.reconnects == 1 && report["duplicates"].integer == 0)
    }

    @Test func aCleanCloseIsFollowedByANewSessionAtOnce() throws {
        let bench = try CoderBench()
        for round in Int32(0)..<20 {
            bench.write(SessionName.number(1), round * 10..<round * 10 + 10)
            bench.runUntilDelivered(Int(round) * 10 + 10)
            bench.standIn.kill("close")
            bench.run(until: "the next session is open") { bench.session.reconnects > UInt64(round) && bench.session.state == .open }
        }
        let (end, report) = bench.finish()
        #expect(end.session!.dials >= 21 && end.session!.dialsFailed == 0)
        #expect(report["unique"].integer == 200 && report["duplicates"].integer == 0)
    }
}
