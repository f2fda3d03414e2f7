extension AgentSession {
    /// Whether `produce` has something to write now.
    public var hasOutput: Bool {
        if owesPing || !pingAnswers.isEmpty || !closings.isEmpty { return true }
        return streams.contains { $0.owesWindowUpdate || $0.sendableByteCount > 0 }
    }

    /// Appends what is to be sent next, into the room that is left in `output`: one WebSocket message, say. There must be room for
    /// `outputBytesMin` bytes.
    ///
    /// First the frames that control streams and the session; then calls, taking turns, each with one data frame as large as the room and the
    /// server's window let it be. A frame never goes on in the next message; a small call is in one message from its yamux header to its end.
    public mutating func produce(into output: inout OutputRawSpan, from source: some CallBodySource) {
        assert(output.freeCapacity >= Self.outputBytesMin)
        let start = output.byteCount
        if appendControl(to: &output) { appendCalls(to: &output, from: source, start: start) }
        statistics.bytesSent += UInt64(output.byteCount - start)
    }

    /// False when there was no room for all.
    private mutating func appendControl(to output: inout OutputRawSpan) -> Bool {
        guard appendAnswers(to: &output) else { return false }
        if owesPing {
            guard output.freeCapacity >= YamuxHeader.byteCount else { return false }
            YamuxHeader(.ping, .syn, length: pingValue).append(to: &output)
            owesPing = false
        }
        for place in streams.indices where streams[place].owesWindowUpdate {
            guard output.freeCapacity >= YamuxHeader.byteCount else { return false }
            let bytes = streams[place].consumedBytes
            YamuxHeader(.windowUpdate, streamID: streams[place].id, length: bytes).append(to: &output)
            streams[place].receiveWindow += bytes
            streams[place].consumedBytes = 0
        }
        return true
    }

    private mutating func appendAnswers(to output: inout OutputRawSpan) -> Bool {
        if pingAnswers.isEmpty, closings.isEmpty { return true }
        let answers = min(pingAnswers.count, output.freeCapacity / YamuxHeader.byteCount)
        for value in pingAnswers[..<answers] { YamuxHeader(.ping, .ack, length: value).append(to: &output) }
        pingAnswers.removeFirst(answers)
        let closed = min(closings.count, output.freeCapacity / YamuxHeader.byteCount)
        for header in closings[..<closed] { header.append(to: &output) }
        closings.removeFirst(closed)
        return pingAnswers.isEmpty && closings.isEmpty
    }

    private mutating func appendCalls(to output: inout OutputRawSpan, from source: some CallBodySource, start: Int) {
        let first = nextTurn
        for turn in streams.indices {
            let place = (first + turn) % streams.count
            let sendable = streams[place].sendableByteCount
            guard sendable > 0 else { continue }
            let room = output.freeCapacity - YamuxHeader.byteCount
            let wanted = output.byteCount == start ? 1 : min(sendable, Self.followingDataBytesMin)
            guard room >= wanted else { return }
            nextTurn = (place + 1) % streams.count
            appendData(at: place, byteCount: min(sendable, room), to: &output, from: source)
        }
    }

    /// One data frame. The first one opens its stream.
    private mutating func appendData(at place: Int, byteCount: Int, to output: inout OutputRawSpan, from source: some CallBodySource) {
        guard let call = streams[place].call else { return }
        var flags: YamuxHeader.Flags = []
        if streams[place].id == 0 {
            streams[place].id = nextStreamID
            nextStreamID += 2
            statistics.streamsOpened += 1
            flags = .syn
        }
        if call.sentByteCount == 0 { streams[place].callCount += 1 }
        let end = call.sentByteCount + byteCount
        YamuxHeader(.data, flags, streamID: streams[place].id, length: UInt32(byteCount)).append(to: &output)
        call.request.append(call.sentByteCount..<end, of: call.id, from: source, to: &output)
        streams[place].call?.sentByteCount = end
        streams[place].sendWindow -= UInt32(byteCount)
        if end < call.request.byteCount, streams[place].sendWindow == 0 { statistics.windowStalls += 1 }
    }
}
