import Testing

@testable import Wire

/// One call after another, side by side, and all the ways in which they can end.
struct AgentAPISessionTests {
    private let invoke = drpc(1, message: 1, Array("/coder.agent.v2.Agent/ReportBoundaryLogs".utf8))

    @Test func smallCallIsOneFrameInOneMessage() throws {
        let bench = SessionBench()
        #expect(!bench.hasOutput)
        try bench.begin(1, [1, 2, 3])
        #expect(bench.hasOutput)
        let request = invoke + drpc(2, message: 2, [1, 2, 3]) + drpc(6, message: 3)
        #expect(bench.produce() == yamuxData(1, request, flags: 1))
        #expect(!bench.hasOutput)
        // The window update by which the reference accepts a stream.
        #expect(bench.events(after: yamux(1, 2, stream: 1, length: 0)) == [])
        #expect(bench.events(after: yamuxData(1, drpc(2, message: 1))) == [])
        #expect(bench.events(after: yamuxData(1, drpc(6, message: 2))) == [.callSucceeded(CallID(1))])
        #expect(!bench.hasOutput && bench.session.callsInFlight == 0)
    }

    @Test func callAfterCallTakesTheSameStream() throws {
        let bench = SessionBench()
        for call in 1...200 as ClosedRange<UInt64> {
            try bench.begin(call, [UInt8(call & 0xFF)])
            let expected =
                drpc(1, stream: call, message: 1, Array(invoke.dropFirst(4))) + drpc(2, stream: call, message: 2, [UInt8(call & 0xFF)])
                + drpc(6, stream: call, message: 3)
            #expect(bench.produceAll() == yamuxData(1, expected, flags: call == 1 ? 1 : 0))
            #expect(bench.events(after: goodAnswer(1, call: call)) == [.callSucceeded(CallID(call))])
        }
        #expect(bench.statistics.streamsOpened == 1 && bench.statistics.callsSucceeded == 200)
    }

    @Test func callsSideBySideTakeStreamsSideBySide() throws {
        let bench = SessionBench(inFlight: 3)
        for call in 1...3 as ClosedRange<UInt64> { try bench.begin(call, []) }
        #expect(throws: CallRefusal.tooManyCalls) { try bench.begin(4, []) }
        // All in one message.
        #expect(yamuxFrames(bench.produce()).map(\.stream) == [1, 3, 5])
        #expect(bench.events(after: goodAnswer(3)) == [.callSucceeded(CallID(2))])
        try bench.begin(4, [])
        #expect(yamuxFrames(bench.produce()).map(\.stream) == [3])
        #expect(bench.events(after: goodAnswer(5) + goodAnswer(1) + goodAnswer(3, call: 2))
            == [.callSucceeded(CallID(3)), .callSucceeded(CallID(1)), .callSucceeded(CallID(4))])
        #expect(bench.statistics.streamsOpened == 3)
    }

    @Test func errorAnswerFailsTheCallAndItsStreamIsFinished() throws {
        let bench = SessionBench()
        try bench.begin(1, [])
        _ = bench.produceAll()
        #expect(bench.events(after: rpcError(1, code: 3, "bad thing"))
            == [.callFailed(CallID(1), .rpc(code: 3, text: "bad thing"), sent: .message)])
        #expect(bench.produceAll() == yamux(1, 4, stream: 1, length: 0))
        // The server's FIN, and the next call opens a stream.
        #expect(bench.events(after: yamux(1, 4, stream: 1, length: 0)) == [])
        try bench.begin(2, [])
        #expect(yamuxFrames(bench.produceAll()).map { [$0.stream, UInt32($0.flags)] } == [[3, 1]])
    }

    @Test func refusalBeforeTheRequestIsWrittenStopsItAndResets() throws {
        let bench = SessionBench()
        try bench.begin(1, [UInt8](repeating: 1, count: 600_000))
        #expect(bench.produceAll().count > 262_144)
        #expect(bench.statistics.windowStalls == 1)
        #expect(bench.events(after: rpcError(1, code: 0, "no"))
            == [.callFailed(CallID(1), .rpc(code: 0, text: "no"), sent: .part)])
        #expect(bench.produceAll() == yamux(1, 8, stream: 1, length: 0))
        #expect(bench.statistics.resetsSent == 1)
        // A window update that was under way, and the server's own end.
        #expect(bench.events(after: yamux(1, 0, stream: 1, length: 200_000) + yamux(1, 4, stream: 1, length: 0)) == [])
        #expect(!bench.hasOutput)
    }

    /// What the reference does with a message over 4 MiB: FIN instead of an answer.
    @Test(arguments: [false, true]) func serverMayFinishOrResetAStream(reset: Bool) throws {
        let bench = SessionBench()
        try bench.begin(1, [1])
        _ = bench.produceAll()
        #expect(bench.events(after: yamux(1, reset ? 8 : 4, stream: 1, length: 0))
            == [.callFailed(CallID(1), reset ? .streamReset : .streamClosed, sent: .message)])
        #expect(bench.produceAll() == (reset ? [] : yamux(1, 4, stream: 1, length: 0)))
        #expect(bench.statistics.resetsReceived == (reset ? 1 : 0))

        // Idle.
        try bench.begin(2, [])
        _ = bench.produceAll()
        #expect(bench.events(after: goodAnswer(3) + yamux(1, reset ? 8 : 4, stream: 3, length: 0)) == [.callSucceeded(CallID(2))])
        #expect(bench.produceAll() == (reset ? [] : yamux(1, 4, stream: 3, length: 0)))

        // In the middle of a request.
        try bench.begin(3, [UInt8](repeating: 1, count: 300_000))
        _ = bench.produceAll()
        #expect(bench.events(after: yamux(1, reset ? 8 : 4, stream: 5, length: 0))
            == [.callFailed(CallID(3), reset ? .streamReset : .streamClosed, sent: .part)])
        #expect(bench.produceAll() == (reset ? [] : yamux(1, 8, stream: 5, length: 0)))
        #expect(!bench.isEnded)
    }

    @Test func flagsOnADataFrameCountAfterItsPayload() throws {
        let bench = SessionBench()
        try bench.begin(1, [])
        _ = bench.produceAll()
        let answer = yamuxData(1, drpc(2, message: 1) + drpc(6, message: 2), flags: 2 | 4)
        #expect(bench.events(after: Array(answer.dropLast())) == [])
        #expect(bench.events(after: Array(answer.suffix(1))) == [.callSucceeded(CallID(1))])
        #expect(bench.produceAll() == yamux(1, 4, stream: 1, length: 0))
        // A reset counts at once: the payload is for nobody.
        try bench.begin(2, [])
        _ = bench.produceAll()
        #expect(bench.events(after: yamuxData(3, drpc(2, message: 1) + drpc(6, message: 2), flags: 8))
            == [.callFailed(CallID(2), .streamReset, sent: .message)])
        #expect(bench.statistics.bytesDiscarded == 8)
    }

    /// Once the answer's message is here the call has succeeded, however its stream ends.
    @Test(arguments: [
        yamux(1, 4, stream: 1, length: 0), yamux(1, 8, stream: 1, length: 0), yamuxData(1, drpc(5, message: 2)),
        yamuxData(1, drpc(4, message: 2, control: true)), rpcError(1, code: 1, "late").replacingMessageID(2), [9], [],
    ])
    func anAnsweredCallHasSucceeded(ending: [UInt8]) throws {
        let bench = SessionBench()
        try bench.begin(1, [])
        _ = bench.produceAll()
        #expect(bench.events(after: yamuxData(1, drpc(2, message: 1))) == [])
        bench.receive(ending)
        if ending == [9] { bench.receive([UInt8](repeating: 9, count: 11)) }
        if ending == [] { bench.session.end() }
        #expect(bench.events().filter { if case .sessionFailed = $0 { false } else { true } } == [.callSucceeded(CallID(1))])
    }

    @Test(arguments: [drpc(6, message: 1), drpc(5, message: 1), drpc(4, message: 1), drpc(4, message: 1, control: true)])
    func closedWithoutAnAnswer(packet: [UInt8]) throws {
        let bench = SessionBench()
        try bench.begin(1, [])
        _ = bench.produceAll()
        #expect(bench.events(after: yamuxData(1, packet)) == [.callFailed(CallID(1), .streamClosed, sent: .message)])
        #expect(bench.produceAll() == yamux(1, 8, stream: 1, length: 0))
    }

    @Test(arguments: [
        (drpc(2, message: 1) + drpc(2, message: 2), .answeredTwice), (drpc(1, message: 1), .unexpectedKind(1)),
        (drpc(7, message: 1), .unexpectedKind(7)), (drpc(63, message: 1), .unexpectedKind(63)), (drpc(0, message: 1), .unexpectedKind(0)),
        (drpc(2, stream: 2, message: 1), .unknownCall(stream: 2)), (drpc(2, message: 0), .idNotRising(stream: 1, message: 0)),
    ] as [([UInt8], DRPCError)])
    func violationsOfDRPCEndTheSession(data: [UInt8], error: DRPCError) throws {
        let bench = SessionBench()
        try bench.begin(1, [])
        _ = bench.produceAll()
        #expect(bench.events(after: yamuxData(1, data)).first == .sessionFailed(.drpc(error, stream: 1)))
        #expect(AgentSessionError.drpc(error, stream: 1).description.hasSuffix("(on yamux stream 1)"))
    }

    @Test func unknownKindsWithTheControlBitAreIgnored() throws {
        let bench = SessionBench()
        try bench.begin(1, [])
        _ = bench.produceAll()
        let answer =
            drpc(40, message: 1, [1, 2, 3], control: true) + drpc(2, message: 2) + drpc(63, message: 3, control: true) + drpc(6, message: 4)
        #expect(bench.events(after: yamuxData(1, answer)) == [.callSucceeded(CallID(1))])
    }

    @Test func successBeforeTheMessageWasSentIsALie() throws {
        let bench = SessionBench()
        try bench.begin(1, [UInt8](repeating: 1, count: 300_000))
        _ = bench.produceAll()
        #expect(bench.events(after: goodAnswer(1)) == [
            .sessionFailed(.drpc(.answeredEarly, stream: 1)), .callFailed(CallID(1), .sessionEnded, sent: .part),
        ])
    }

    /// The server may answer when it has the message; the close send that the window held back is then left out.
    @Test func answerBeforeTheCloseSend() throws {
        let bench = SessionBench()
        try bench.begin(1, [UInt8](repeating: 1, count: 262_144 - 44 - 3 * 6 - 6))
        _ = bench.produceAll()
        #expect(bench.statistics.windowStalls == 1)
        #expect(bench.events(after: goodAnswer(1)) == [.callSucceeded(CallID(1))])
        #expect(bench.produceAll() == yamux(1, 8, stream: 1, length: 0))
    }

    @Test func latePacketsOfAnEarlierCallMeanNothing() throws {
        let bench = SessionBench()
        for call in 1...2 as ClosedRange<UInt64> {
            try bench.begin(call, [])
            _ = bench.produceAll()
            #expect(bench.events(after: goodAnswer(1, call: call)) == [.callSucceeded(CallID(call))])
        }
        bench.receive(yamuxData(1, drpc(2, stream: 2, message: 7) + drpc(3, stream: 2, message: 8)))
        // The third is begun, and the server cannot know of it.
        try bench.begin(3, [])
        bench.receive(yamuxData(1, drpc(5, stream: 2, message: 9)))
        #expect(bench.events() == [])
        _ = bench.produceAll()
        bench.receive(yamuxData(1, drpc(3, stream: 2, message: 10)))
        #expect(bench.events(after: goodAnswer(1, call: 3)) == [.callSucceeded(CallID(3))])
    }

    @Test func timesAreCounted() throws {
        let bench = SessionBench(inFlight: 2)
        #expect(bench.nextDeadline == bench.now + .seconds(30))
        bench.advance(.seconds(10))
        try bench.begin(1, [UInt8](repeating: 1, count: 400_000))
        _ = bench.produceAll()
        bench.advance(.seconds(19))
        try bench.begin(2, [])
        bench.advance(.seconds(1))
        // The ping's turn.
        #expect(bench.produceAll().prefix(12) == yamux(2, 1, length: 0)[...])
        bench.receive(yamux(2, 2, length: 0))
        #expect(bench.nextDeadline == bench.now + .seconds(10))
        bench.advance(.milliseconds(9999))
        #expect(bench.events() == [])
        bench.advance(.milliseconds(1))
        #expect(bench.events() == [.callFailed(CallID(1), .timedOut, sent: .part)])
        #expect(bench.produceAll() == yamux(1, 8, stream: 1, length: 0))
        bench.advance(.seconds(19))
        #expect(bench.events() == [.callFailed(CallID(2), .timedOut, sent: .message)])
        #expect(bench.statistics.callsFailed == 2 && !bench.isEnded)
    }

    @Test func whatWasNotSentCostsNoStream() throws {
        let bench = SessionBench()
        try bench.begin(1, [])
        bench.session.cancel(CallID(1))
        bench.session.cancel(CallID(7))
        #expect(bench.events() == [.callFailed(CallID(1), .cancelled, sent: .nothing)])
        #expect(!bench.hasOutput)
        try bench.begin(2, [])
        #expect(yamuxFrames(bench.produceAll()).map(\.stream) == [1])
        #expect(bench.events(after: goodAnswer(1)) == [.callSucceeded(CallID(2))])
        // Nor on a stream that is open: it is still good, and its next call is the second.
        try bench.begin(3, [])
        bench.session.cancel(CallID(3))
        #expect(!bench.hasOutput && bench.events().count == 1)
        try bench.begin(4, [])
        #expect(bench.produceAll().dropFirst(12).starts(with: [0x03, 2, 1]))
        #expect(bench.events(after: goodAnswer(1, call: 2)) == [.callSucceeded(CallID(4))])
        #expect(bench.statistics.streamsOpened == 1 && bench.statistics.resetsSent == 0)
    }

    @Test func keepAlivePingsAndGivesUp() {
        let bench = SessionBench()
        for value in 0..<3 as Range<UInt32> {
            bench.advance(.seconds(29))
            #expect(!bench.hasOutput)
            bench.advance(.seconds(1))
            #expect(bench.produceAll() == yamux(2, 1, length: value))
            #expect(bench.nextDeadline == bench.now + .seconds(10))
            // Not an answer to this one.
            bench.receive(yamux(2, 2, length: value + 5))
            #expect(bench.nextDeadline == bench.now + .seconds(10))
            bench.receive(yamux(2, 2, length: value))
            #expect(bench.nextDeadline == bench.now + .seconds(30))
        }
        bench.advance(.seconds(30))
        bench.advance(.milliseconds(9999))
        #expect(!bench.isEnded)
        bench.advance(.milliseconds(1))
        #expect(bench.events() == [.sessionFailed(.yamux(.keepAliveTimedOut))])
        #expect(!bench.hasOutput && bench.statistics.pingsSent == 4)
    }

    @Test func goAwayLetsCallsFinish() throws {
        let bench = SessionBench(inFlight: 2)
        try bench.begin(1, [])
        try bench.begin(2, [])
        _ = bench.produceAll()
        #expect(bench.events(after: yamux(3, 0, length: 0)) == [.goAwayReceived])
        #expect(bench.isDraining && !bench.isEnded)
        #expect(throws: CallRefusal.draining) { try bench.begin(3, []) }
        #expect(bench.events(after: goodAnswer(1)) == [.callSucceeded(CallID(1))])
        // Again, to no more effect.
        #expect(bench.events(after: yamux(3, 0, length: 0)) == [])
        #expect(bench.events(after: rpcError(3, code: 0, "x")) == [.callFailed(CallID(2), .rpc(code: 0, text: "x"), sent: .message), .drained])
        #expect(bench.produceAll() == yamux(1, 4, stream: 3, length: 0))

        let idle = SessionBench()
        #expect(idle.events(after: yamux(3, 0, length: 0)) == [.goAwayReceived, .drained])
    }

    @Test func endOfTheTransportEndsAllCalls() throws {
        let bench = SessionBench(inFlight: 4)
        try bench.begin(1, [])
        _ = bench.produceAll()
        try bench.begin(2, [UInt8](repeating: 0, count: 100_000))
        _ = bench.produce(1000)
        try bench.begin(3, [])
        bench.advance(.seconds(30 - 1))
        bench.session.end()
        bench.session.end()
        #expect(bench.events() == [
            .callFailed(CallID(1), .sessionEnded, sent: .message), .callFailed(CallID(2), .sessionEnded, sent: .part),
            .callFailed(CallID(3), .sessionEnded, sent: .nothing),
        ])
        #expect(bench.isEnded && bench.session.callsInFlight == 0 && !bench.hasOutput)
        bench.advance(.seconds(100))
        bench.session.cancel(CallID(1))
        #expect(bench.events() == [])
    }

    @Test func requestsHaveABound() throws {
        let bench = SessionBench()
        #expect(throws: CallRefusal.requestTooLong) { try bench.begin(1, [UInt8](repeating: 0, count: AgentSession.requestBytesMax + 1)) }
        try bench.begin(1, [UInt8](repeating: 0, count: AgentSession.requestBytesMax))
    }

    // MARK: Sharing the line

    @Test func aLargeCallDoesNotHoldUpOthers() throws {
        let bench = SessionBench(inFlight: 3)
        try bench.begin(1, [UInt8](repeating: 1, count: 200_000))
        let first = bench.produce()
        #expect(first.count == 32_000)
        try bench.begin(2, [2])
        try bench.begin(3, [3])
        let second = yamuxFrames(bench.produce())
        #expect(second.map(\.stream) == [3, 5, 1])
        #expect(second[0].payload.suffix(4) == [0x0D, 1, 3, 0])
    }

    @Test func twoLargeCallsTakeTurns() throws {
        let bench = SessionBench(inFlight: 2)
        try bench.begin(1, [UInt8](repeating: 1, count: 100_000))
        try bench.begin(2, [UInt8](repeating: 2, count: 100_000))
        var turns: [UInt32] = []
        while bench.hasOutput { turns += yamuxFrames(bench.produce(16_000)).map(\.stream) }
        #expect(turns.prefix(12) == [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3])
    }

    @Test func aFrameIsNotBegunForAFewBytes() throws {
        let bench = SessionBench(inFlight: 2)
        try bench.begin(1, [UInt8](repeating: 1, count: 31_000))
        try bench.begin(2, [UInt8](repeating: 2, count: 5000))
        #expect(yamuxFrames(bench.produce()).map(\.stream) == [1])
        #expect(yamuxFrames(bench.produce()).map(\.stream) == [3])
    }

    @Test func theLeastRoomGetsOn() throws {
        let bench = SessionBench(inFlight: 2)
        try bench.begin(1, [UInt8](0...200))
        bench.receive(yamux(2, 1, length: 9))
        var messages: [[UInt8]] = []
        while bench.hasOutput { messages.append(bench.produce(AgentSession.outputBytesMin)) }
        #expect(messages.allSatisfy { !$0.isEmpty })
        #expect(messages.first == yamux(2, 2, length: 9))
        let frames = yamuxFrames(messages.flatMap { $0 }).dropFirst()
        #expect(frames.allSatisfy { $0.type == 0 && $0.stream == 1 && $0.payload.count == 1 })
        #expect(frames.flatMap(\.payload) == invoke + drpc(2, message: 2, [UInt8](0...200)) + drpc(6, message: 3))
    }

    @Test func controlComesBeforeCalls() throws {
        let bench = SessionBench(inFlight: 2)
        try bench.begin(1, [])
        _ = bench.produceAll()
        bench.session.cancel(CallID(1))
        try bench.begin(2, [])
        bench.receive(yamux(2, 1, length: 5))
        bench.advance(.seconds(30))
        _ = bench.events()
        try bench.begin(3, [])
        let frames = yamuxFrames(bench.produce())
        #expect(frames.map(\.type) == [2, 1, 2, 0])
        #expect(frames.map(\.flags) == [2, 8, 1, 1])
    }

    @Test func aPlaceIsSmall() {
        // There are up to 256 of them, and they are what a session holds.
        #expect(MemoryLayout<AgentStream>.stride <= 512)
    }
}

extension [UInt8] {
    /// Of a yamux frame with one DRPC frame.
    fileprivate func replacingMessageID(_ id: UInt8) -> [UInt8] {
        var copy = self
        copy[14] = id
        return copy
    }
}
