// libFuzzer target: what coderd sends to a session with calls in flight. Compiled together with Sources/Wire by scripts/fuzz.

/// The first byte says how reads are split, the second after how many bytes the session gets a turn: to write, to begin calls, to let time pass.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAgent(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 2 else { return 0 }
    let input = UnsafeRawBufferPointer(start: data, count: count)
    let stream = UnsafeRawBufferPointer(rebasing: input[2...])
    let turnBytes = 8 + Int(input[1])
    let whole = run(stream, turnBytes: turnBytes, readBytes: { _ in stream.count })
    let step = Int(input[0])
    let split = run(stream, turnBytes: turnBytes, readBytes: { position in 1 + (step &* 31 &+ Int(stream[position]) &* 7) % 29 })
    precondition(whole == split, "a split stream gave another outcome")
    return 0
}

private let zeros = [UInt8](repeating: 0, count: 32_000)

private struct Zeros: CallBodySource {
    func append(_ range: Range<Int>, of call: CallID, to output: inout OutputRawSpan) {
        output.append(zeros.span.bytes, 0..<range.count)
    }
}

private struct Outcome: Equatable {
    var events: [AgentEvent] = []
    var output: [UInt8] = []
    var statistics = AgentSessionStatistics()
}

private func run(_ stream: UnsafeRawBufferPointer, turnBytes: Int, readBytes: (Int) -> Int) -> Outcome {
    var limits = AgentSessionLimits()
    limits.callsInFlightMax = 3
    var now = Duration.seconds(5)
    var session = AgentSession(limits: limits, now: now)
    var outcome = Outcome()
    var begun: UInt64 = 0

    func turn() {
        while session.hasOutput { produce(&session, &outcome.output) }
        // Of the calls in flight one has not been written.
        while begun < 200 {
            let bytes = begun == 1 ? 280_000 : Int(begun)
            do throws(CallRefusal) {
                try session.begin(CallID(begun), method: "/coder.agent.v2.Agent/ReportBoundaryLogs", bodyByteCount: bytes, now: now)
            } catch { break }
            begun += 1
            if session.callsInFlight < 3 { while session.hasOutput { produce(&session, &outcome.output) } }
        }
        now += .milliseconds(700)
        session.advance(now: now)
        while let event = session.nextEvent() { outcome.events.append(event) }
        precondition(session.pingAnswers.count <= AgentSession.pingAnswersMax && session.closings.count <= 3, "a queue is over its bound")
        precondition(session.callsInFlight <= 3 && (!session.isEnded || !session.hasOutput))
    }

    turn()
    var position = 0
    while position < stream.count {
        let turnEnd = min(stream.count, position + turnBytes)
        while position < turnEnd {
            let end = min(turnEnd, position + readBytes(position))
            session.receive(UnsafeRawBufferPointer(rebasing: stream[position..<end]).bytes, now: now)
            position = end
        }
        turn()
    }
    outcome.statistics = session.statistics
    // Of a read in which the session fails all bytes count.
    outcome.statistics.bytesReceived = 0
    session.end()
    while let event = session.nextEvent() { outcome.events.append(event) }
    check(outcome, begun: begun)
    return outcome
}

/// Writes one message, and looks whether it holds whole frames.
private func produce(_ session: inout AgentSession, _ output: inout [UInt8]) {
    let capacity = 32_000
    let space = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
    defer { space.deallocate() }
    var span = OutputRawSpan(buffer: space, initializedCount: 0)
    session.produce(into: &span, from: Zeros())
    let count = span.finalize(for: space)
    precondition(count > 0, "there was output, and none came")
    var position = 0
    while position < count {
        precondition(count - position >= 12, "a header is cut")
        let length = space[position + 8..<position + 12].reduce(0) { $0 << 8 | Int($1) }
        let payloadBytes = space[position + 1] == 0 ? length : 0
        precondition(count - position - 12 >= payloadBytes, "a payload is cut")
        output += space[position..<position + 12]
        position += 12 + payloadBytes
    }
}

/// Every call that began ended once.
private func check(_ outcome: Outcome, begun: UInt64) {
    var ended = [Bool](repeating: false, count: Int(begun))
    var failures = 0
    for event in outcome.events {
        switch event {
        case .callSucceeded(let call), .callFailed(let call, _, _):
            precondition(call.number < begun && !ended[Int(call.number)], "a call ended twice, or never began")
            ended[Int(call.number)] = true
        case .sessionFailed: failures += 1
        case .goAwayReceived, .drained: break
        }
    }
    precondition(ended.allSatisfy(\.self), "a call did not end")
    precondition(failures <= 1, "a session failed twice")
}
