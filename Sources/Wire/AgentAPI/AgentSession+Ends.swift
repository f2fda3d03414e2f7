// How calls, streams and the session end: all transitions.

extension AgentSession {
    /// Ends the call at `place`: as succeeded if its answer has come, whatever happened then. The stream stays.
    mutating func endCall(at place: Int, _ failure: CallFailure) {
        guard let call = streams[place].call else { return }
        streams[place].call = nil
        callsInFlight -= 1
        if call.isAnswered {
            statistics.callsSucceeded += 1
            say(.callSucceeded(call.id))
        } else {
            statistics.callsFailed += 1
            say(.callFailed(call.id, failure, sent: call.extent))
        }
        if phase == .draining { sayWhetherDrained() }
    }

    /// Ends the call at `place` from our side. The stream lives on if the server has seen nothing of the call.
    mutating func abandon(_ place: Int, _ failure: CallFailure) {
        let isUnsent = streams[place].call?.sentByteCount == 0
        endCall(at: place, failure)
        if !isUnsent { close(place, .rst) }
    }

    /// Closes the stream at `place` on our side and forgets it. Its call has ended.
    mutating func close(_ place: Int, _ flag: YamuxHeader.Flags) {
        assert(streams[place].call == nil && streams[place].id != 0)
        closings.append(YamuxHeader(.windowUpdate, flag, streamID: streams[place].id, length: 0))
        if flag == .rst { statistics.resetsSent += 1 }
        forget(place)
    }

    /// The stream at `place` is closed. What the server has sent before it learns of that may still come.
    mutating func forget(_ place: Int) {
        discardBytesMax += Int(streams[place].receiveWindow)
        streams[place] = AgentStream()
    }

    /// The server has reset the stream at `place`.
    mutating func streamWasReset(_ place: Int) {
        statistics.resetsReceived += 1
        endCall(at: place, .streamReset)
        forget(place)
    }

    /// The server sends nothing more on the stream at `place`.
    mutating func streamWasFinished(_ place: Int) {
        let isSent = streams[place].call?.isSent ?? true
        endCall(at: place, .streamClosed)
        close(place, isSent ? .fin : .rst)
    }

    /// No call begins any more.
    mutating func beginDraining() {
        guard phase == .open else { return }
        phase = .draining
        sayWhetherDrained()
    }

    private mutating func sayWhetherDrained() {
        guard callsInFlight == 0 else { return }
        phase = .drained
        say(.drained)
    }

    mutating func fail(_ error: AgentSessionError) {
        guard phase != .ended else { return }
        say(.sessionFailed(error))
        end()
    }
}
