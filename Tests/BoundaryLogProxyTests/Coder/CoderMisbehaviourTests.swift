import BoundaryLogProxy
import Glibc
import Pipeline
import TestSupport
import Testing

/// What coderd, or whatever stands between, can do to a session: after each, every log is delivered or counted, and the next session works.
@Suite(.timeLimit(.minutes(4))) struct CoderMisbehaviourTests {
    // MARK: Refused dials

    @Test(arguments: [
        (#""status":400"#, "HTTP 400"), (#""status":403"#, "HTTP 403: Agent trying to connect from non-latest build."),
        (#""status":401,"message":"who are you""#, "HTTP 401: who are you"), (#""status":426"#, "HTTP 426"),
    ])
    func aRefusalIsSaidAndNotRepeatedSoon(refusal: String, words: String) throws {
        let standIn = try CoderStandIn()
        standIn.do(#""do":"refuse",\#(refusal)"#)
        let bench = try CoderBench(standIn: standIn)
        bench.run(until: "the dial has failed") { bench.session.dialsFailed == 1 }
        #expect(bench.snapshot.obstacle?.contains(words) == true, "\(bench.snapshot.obstacle ?? "none")")
        #expect(bench.session.state == .waiting && bench.session.nextDial.map { $0 - bench.snapshot.clock > 50_000_000_000 } == true)
        #expect(bench.messages.lines.contains { $0.hasPrefix("error") && $0.contains(words) })
        for code in [401, 403] {
            let line = "agent_boundary_log_proxy_credentials_refused_total{code=\"\(code)\"} \(words.contains("\(code)") ? 1 : 0)\n"
            #expect(bench.proxy!.metricsText.contains(line), "\(line)")
        }
        bench.write(SessionName.number(1), 0..<10)
        bench.run(until: "the delivery was put off") { bench.snapshot.deliveries.transient == 1 }
        #expect(bench.session.dials == 1, "the log did not make it dial")

        // As on SIGHUP.
        standIn.do(#""do":"accept""#)
        bench.proxy!.reopen()
        bench.runUntilDelivered(10)
        #expect(bench.snapshot.obstacle == nil)
        #expect(bench.finish().snapshot.session!.dials == 2)
    }

    @Test func aServerErrorIsSatOut() throws {
        let standIn = try CoderStandIn()
        standIn.do(#""do":"refuse","status":502,"dials":4"#)
        let bench = try CoderBench(standIn: standIn)
        bench.write(SessionName.number(1), 0..<10)
        let end = bench.finish().snapshot
        #expect(end.ledger.delivered.logs == 10 && end.session!.dials == 5 && end.session!.dialsFailed == 4)
        #expect(end.session!.reconnects == 0 && end.session!.lastError?.contains("HTTP 502") == true)
    }

    @Test func aTokenThatWasRewrittenIsReadBeforeTheDial() throws {
        let bench = try CoderBench()
        bench.runUntilOpen()
        bench.standIn.do(#""do":"token","token":"another-secret""#)
        bench.writeToken("another-secret")
        bench.standIn.kill()
        bench.write(SessionName.number(1), 0..<10)
        let end = bench.finish().snapshot
        #expect(end.ledger.delivered.logs == 10)
        #expect(end.session!.dials == 2 && end.session!.dialsFailed == 0)
        #expect(!bench.messages.lines.contains { $0.contains("another-secret") || $0.contains(CoderStandIn.token) })
    }

    /// Both happen within a second, and the refusal is what an operator must see.
    @Test func aRefusalRightAfterALossIsLogged() throws {
        let bench = try CoderBench(["drain-timeout": "100ms"])
        bench.runUntilOpen()
        bench.standIn.do(#""do":"refuse","status":403"#)
        bench.standIn.kill()
        bench.run(until: "the dial is refused") { bench.session.dialsFailed == 1 }
        #expect(bench.messages.lines.contains { $0.hasPrefix("error") && $0.contains("non-latest build") }, "\(bench.messages.lines)")
        bench.finish()
    }

    @Test func theDrainDialsAtOnce() throws {
        let standIn = try CoderStandIn()
        standIn.do(#""do":"refuse","status":403"#)
        let bench = try CoderBench(standIn: standIn)
        bench.write(SessionName.number(1), 0..<10)
        bench.run(until: "the delivery was put off") { bench.snapshot.deliveries.transient == 1 }
        standIn.do(#""do":"accept""#)
        // In a minute, but for the drain.
        let end = bench.finish().snapshot
        #expect(end.ledger.delivered.logs == 10)
    }

    @Test func aTokenThatComesDuringADialIsTriedAtOnce() throws {
        let standIn = try CoderStandIn()
        standIn.do(#""do":"token","token":"another-secret""#)
        let bench = try CoderBench(standIn: standIn)
        bench.run(until: "a dial is under way") { bench.session.state == .dialing }
        bench.writeToken("another-secret")
        bench.proxy!.reopen()
        bench.runUntilOpen()
        #expect(bench.session.dials == 2)
        bench.finish()
    }

    /// The server's last words and its hanging up come together with a request that is being written: the call must end, once.
    @Test func aServerThatHangsUpWhileARequestIsWritten() throws {
        let bench = try CoderBench(["request-bytes-max": "4MiB", "call-timeout": "60s", "overflow": "block"])
        for round in 0..<20 {
            bench.runUntilOpen()
            bench.standIn.do(#""do":"answer","how":"reset","calls":1"#)
            bench.write(SessionName.number(round), 0..<300, urlBytes: 2000)
            bench.standIn.do(#""do":"send","what":"yamux-version""#)
            bench.standIn.do(#""do":"kill""#)
            bench.run(until: "its logs are delivered") { bench.snapshot.ledger.delivered.logs == UInt64(round + 1) * 300 }
        }
        bench.finish()
    }

    @Test func nobodyThere() throws {
        let bench = try CoderBench(["coder-url": "http://127.0.0.1:1", "drain-timeout": "100ms"])
        bench.write(SessionName.number(1), 0..<10)
        bench.run(until: "a few dials have failed") { bench.session.dialsFailed >= 3 }
        #expect(bench.snapshot.obstacle?.contains("coderd cannot be reached") == true)
        let end = bench.finish().snapshot
        #expect(end.ledger.droppedShutdown.logs == 10)
    }

    // MARK: Answers

    @Test(arguments: [
        #""how":"error","code":7,"text":"database is down""#, #""how":"never""#, #""how":"late","ms":2000"#, #""how":"late","ms":20"#,
        #""how":"reset""#, #""how":"finish""#, #""how":"kill""#, #""how":"then-kill""#, #""how":"garbage""#, #""how":"wrong-id""#,
        #""how":"huge""#, #""how":"unparsable""#,
    ], [1, 4])
    func everyLogArrivesWhateverTheAnswer(answer: String, inFlightMax: Int) throws {
        let bench = try CoderBench(["in-flight-max": "\(inFlightMax)", "call-timeout": "500ms"])
        bench.standIn.do(#""do":"answer",\#(answer),"calls":3"#)
        for number in 0..<6 { bench.write(SessionName.number(number), 0..<100) }
        let (end, report) = bench.finish()
        #expect(end.ledger.delivered.logs == 600 && end.ledger.dropped == Tally())
        #expect(report["unique"].integer == 600)
    }

    @Test func aRequestThatCoderdCannotReadIsDroppedWithItsWords() throws {
        let bench = try CoderBench()
        bench.standIn.do(#""do":"answer","how":"error","text":"proto: cannot parse invalid wire-format data","calls":1"#)
        bench.write(SessionName.number(1), 0..<5)
        bench.run(until: "the request is refused") { bench.snapshot.ledger.dropped.logs == 5 }
        bench.write(SessionName.number(1), 5..<10)
        let (end, report) = bench.finish()
        #expect(end.ledger.droppedForwardFailed == Tally(logs: 5, batches: 1) && report["unique"].integer == 5)
        #expect(bench.messages.count(containing: "proto: cannot parse invalid wire-format data") == 1)
    }

    @Test func answersMayComeInAnyOrder() throws {
        let bench = try CoderBench(["in-flight-max": "4"])
        bench.standIn.do(#""do":"answer","how":"reversed","of":4,"calls":4"#)
        bench.runUntilOpen()
        for number in 0..<8 { bench.write(SessionName.number(number), 0..<10) }
        let (end, report) = bench.finish()
        #expect(end.ledger.delivered.logs == 80 && report["duplicates"].integer == 0)
    }

    @Test func aPeerThatReadsNothingDoesNotHoldMoreThanTheCall() throws {
        let bench = try CoderBench(["call-timeout": "500ms", "overflow": "block", "buffer-bytes": "4MiB"])
        bench.runUntilOpen()
        bench.standIn.do(#""do":"stall""#)
        bench.write(SessionName.number(1), 0..<2000, urlBytes: 1000)
        bench.run(until: "a call is given up") { bench.session.callsFailed.values.reduce(0, +) >= 1 }
        bench.standIn.do(#""do":"stall","on":false"#)
        // What lay unread is read after all, and recorded.
        let end = bench.finish(withDuplicatesOfCallsGivenUp: true).snapshot
        #expect(end.ledger.delivered.logs == 2000 && end.ledger.dropped == Tally())
    }

    // MARK: Broken sessions

    @Test(arguments: ["reset", "fin", "mid-message", "close"])
    func aKilledSessionIsReplaced(how: String) throws {
        let bench = try CoderBench()
        for round in 0..<5 {
            bench.write(SessionName.number(round), 0..<100)
            bench.runUntilOpen()
            bench.standIn.kill(how)
            bench.run(until: "the next session is open") { bench.session.reconnects > UInt64(round) && bench.session.state == .open }
            bench.runUntilDelivered(round * 100 + 100)
        }
        let (end, report) = bench.finish()
        #expect(end.ledger.dropped == Tally() && report["unique"].integer == 500)
        #expect(end.session!.reconnects >= 5)
    }

    @Test(arguments: [
        "text", "garbage", "masked", "reserved-bit", "unknown-opcode", "long-ping", "split-ping", "continuation", "negative-length",
        "yamux-garbage", "yamux-version", "yamux-type", "yamux-huge-frame", "yamux-huge-window", "yamux-stream-ahead", "yamux-server-open",
    ])
    func whatBreaksTheProtocolEndsTheSessionAndNoLogIsLost(what: String) throws {
        let bench = try CoderBench()
        bench.write(SessionName.number(1), 0..<10)
        bench.runUntilDelivered(10)
        bench.standIn.do(#""do":"send","what":"\#(what)""#)
        bench.run(until: "the session has ended") { bench.session.lastError != nil }
        bench.write(SessionName.number(1), 10..<20)
        let (end, report) = bench.finish()
        #expect(end.ledger.delivered.logs == 20 && report["duplicates"].integer == 0)
        #expect(end.session!.reconnects >= 1 && end.session!.lastError!.contains("the session with coderd was lost"), "\(end.session!)")
    }

    @Test(arguments: ["huge-message", "fragments"])
    func whatIsOnlyUnusualIsBorne(what: String) throws {
        let bench = try CoderBench()
        bench.write(SessionName.number(1), 0..<10)
        bench.runUntilDelivered(10)
        let before = bench.session.bytesReceived
        bench.standIn.do(#""do":"send","what":"\#(what)""#)
        bench.run(until: "it has come") { bench.session.bytesReceived >= before + 833 * 12 }
        bench.write(SessionName.number(1), 10..<20)
        let (end, report) = bench.finish()
        #expect(end.session!.reconnects == 0 && end.deliveries.transient == 0 && report["unique"].integer == 20, "\(end.session!) \(end.deliveries)")
    }
}
