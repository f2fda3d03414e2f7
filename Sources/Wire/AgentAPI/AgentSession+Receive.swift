extension AgentSession {
    /// Takes bytes from the server, any number of them: the payloads of its binary WebSocket messages, in order.
    public mutating func receive(_ bytes: RawSpan, now: Duration) {
        guard phase != .ended else { return }
        statistics.bytesReceived += UInt64(bytes.byteCount)
        do throws(AgentSessionError) { try read(bytes, now) } catch { fail(error) }
    }

    private mutating func read(_ bytes: RawSpan, _ now: Duration) throws(AgentSessionError) {
        var offset = 0
        while true {
            let step: YamuxFrameReader.Step
            do throws(YamuxError) { step = try frames.next(in: bytes, offset: &offset) } catch { throw .yamux(error) }
            switch step {
            case .needMoreBytes: return
            case .payload(let range, let isLast): try takePayload(bytes, range, isLast)
            case .header(let header):
                do throws(YamuxError) { try take(header, now) } catch { throw .yamux(error) }
            }
        }
    }

    private mutating func take(_ header: YamuxHeader, _ now: Duration) throws(YamuxError) {
        switch header.type {
        case .data: try takeData(header)
        case .windowUpdate: try takeWindowUpdate(header)
        case .ping: try takePing(header)
        case .goAway:
            guard header.length == 0 else { throw .goAway(code: header.length) }
            guard phase == .open else { return }
            say(.goAwayReceived)
            beginDraining()
        }
    }

    private mutating func takePing(_ header: YamuxHeader) throws(YamuxError) {
        if header.flags.contains(.syn) {
            statistics.pingsReceived += 1
            guard pingAnswers.count < Self.pingAnswersMax else { throw .tooManyPings }
            pingAnswers.append(header.length)
        } else if awaitsPingAnswer, header.length == pingValue {
            pingWasAnswered()
        }
    }

    /// The place of the stream that a frame is for; nil if it is closed.
    private func place(for header: YamuxHeader) throws(YamuxError) -> Int? {
        let id = header.streamID
        if header.flags.contains(.syn) { throw .streamOpenedByPeer(id) }
        guard id % 2 == 1, id < nextStreamID else { throw .streamNeverOpened(id) }
        return streams.firstIndex { $0.id == id }
    }

    private mutating func takeWindowUpdate(_ header: YamuxHeader) throws(YamuxError) {
        guard let place = try place(for: header) else { return }
        let window = streams[place].sendWindow
        let (sum, overflow) = window.addingReportingOverflow(header.length)
        guard !overflow else { throw .sendWindowOverflow(stream: header.streamID, window: window, increment: header.length) }
        streams[place].sendWindow = sum
        if header.flags.contains(.rst) { streamWasReset(place) } else if header.flags.contains(.fin) { streamWasFinished(place) }
    }

    private mutating func takeData(_ header: YamuxHeader) throws(YamuxError) {
        payloadStream = header.streamID
        guard let place = try place(for: header) else {
            guard header.length <= discardBytesMax else { throw .tooMuchDataForClosedStreams(stream: header.streamID, length: header.length) }
            discardBytesMax -= Int(header.length)
            return
        }
        let window = streams[place].receiveWindow
        guard header.length <= window else {
            throw .receiveWindowExceeded(stream: header.streamID, length: header.length, window: window)
        }
        streams[place].receiveWindow -= header.length
        if header.flags.contains(.rst) {
            streamWasReset(place)
        } else if header.flags.contains(.fin) {
            if header.length == 0 { streamWasFinished(place) } else { streams[place].endsAfterPayload = true }
        }
    }

    private mutating func takePayload(_ bytes: RawSpan, _ range: Range<Int>, _ isLast: Bool) throws(AgentSessionError) {
        var offset = range.lowerBound
        while let place = streams.firstIndex(where: { $0.id == payloadStream }) {
            let packet: DRPCPacket?
            do throws(DRPCError) {
                packet = try streams[place].packets.next(in: bytes, offset: &offset, end: range.upperBound)
                if let packet { try take(packet, place) }
            } catch { throw .drpc(error, stream: payloadStream) }
            if packet != nil { continue }
            streams[place].consumedBytes += UInt32(range.count)
            if isLast, streams[place].endsAfterPayload { streamWasFinished(place) }
            return
        }
        // The stream was closed, before this payload or by what stood in it.
        statistics.bytesDiscarded += UInt64(range.upperBound - offset)
    }

    private mutating func take(_ packet: DRPCPacket, _ place: Int) throws(DRPCError) {
        guard packet.stream <= streams[place].callCount else { throw .unknownCall(stream: packet.stream) }
        // What comes late, for a call that has ended, is nothing to us.
        guard packet.stream == streams[place].callCount, let call = streams[place].call, call.sentByteCount > 0 else { return }
        switch packet.kind {
        case DRPCKind.message:
            guard call.extent == .message else { throw .answeredEarly }
            guard !call.isAnswered else { throw .answeredTwice }
            streams[place].call?.isAnswered = true
        case DRPCKind.closeSend where call.isAnswered && call.isSent:
            // The stream is free for the next call.
            endCall(at: place, .streamClosed)
        case DRPCKind.closeSend, DRPCKind.close, DRPCKind.cancel:
            endCall(at: place, .streamClosed)
            close(place, call.isSent && call.isAnswered ? .fin : .rst)
        case DRPCKind.error:
            let (code, text) = streams[place].packets.errorContent()
            endCall(at: place, .rpc(code: code, text: text))
            close(place, call.isSent ? .fin : .rst)
        default:
            // Kinds with the control bit may come to be, and mean nothing to those who do not know them.
            if !packet.isControl { throw .unexpectedKind(packet.kind) }
        }
    }
}
