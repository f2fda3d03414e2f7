// The DRPC bytes of a unary call, one after another:
//     invoke (the method's name) · message, in frames of at most 64 KiB of body, all but the last without the done bit · close send

/// Where the bytes of a request lie. Any range of them can be written, in any pieces: a request needs no buffer and knows no half-written
/// frame.
struct RequestLayout {
    /// The most body in one frame, as the reference splits it.
    static var frameBodyBytesMax: Int { 64 << 10 }

    private let method: StaticString
    private let bodyByteCount: Int
    private let invoke: DRPCFrameHeader
    private let closeSend: DRPCFrameHeader
    /// Of every message frame but the last.
    private let fullFrame: DRPCFrameHeader
    private let lastFrame: DRPCFrameHeader
    private let fullFrameCount: Int
    private let messageStart: Int

    /// The end of the message: the server can act on a request once it has this many bytes of it.
    let messageEnd: Int
    /// Of the whole request.
    let byteCount: Int

    /// - Parameter stream: the number of the call on its transport, the stream id of its frames.
    init(method: StaticString, bodyByteCount: Int, stream: UInt64) {
        self.method = method
        self.bodyByteCount = bodyByteCount
        // The last frame carries the rest, at least a byte unless the body is empty.
        fullFrameCount = bodyByteCount == 0 ? 0 : (bodyByteCount - 1) / Self.frameBodyBytesMax
        let restBytes = bodyByteCount - fullFrameCount * Self.frameBodyBytesMax
        invoke = DRPCFrameHeader(kind: DRPCKind.invoke, isDone: true, stream: stream, message: 1, length: method.utf8CodeUnitCount)
        fullFrame = DRPCFrameHeader(kind: DRPCKind.message, isDone: false, stream: stream, message: 2, length: Self.frameBodyBytesMax)
        lastFrame = DRPCFrameHeader(kind: DRPCKind.message, isDone: true, stream: stream, message: 2, length: restBytes)
        closeSend = DRPCFrameHeader(kind: DRPCKind.closeSend, isDone: true, stream: stream, message: 3, length: 0)
        messageStart = invoke.byteCount + method.utf8CodeUnitCount
        messageEnd = messageStart + fullFrameCount * (fullFrame.byteCount + Self.frameBodyBytesMax) + lastFrame.byteCount + restBytes
        byteCount = messageEnd + closeSend.byteCount
    }

    /// Appends the bytes `range` of the request, asking `source` for those of the body of `call`. There must be room for them.
    func append(_ range: Range<Int>, of call: CallID, from source: some CallBodySource, to output: inout OutputRawSpan) {
        var position = range.lowerBound
        while position < range.upperBound {
            let start = output.byteCount
            if position < invoke.byteCount {
                invoke.append(position..<min(invoke.byteCount, range.upperBound), to: &output)
            } else if position < messageStart {
                output.append(method, position - invoke.byteCount..<min(messageStart, range.upperBound) - invoke.byteCount)
            } else if position < messageEnd {
                appendMessage(from: position - messageStart, byteCountMax: range.upperBound - position, call, source, &output)
            } else {
                closeSend.append(position - messageEnd..<range.upperBound - messageEnd, to: &output)
            }
            position += output.byteCount - start
            assert(output.byteCount > start && position <= range.upperBound)
        }
    }

    /// Appends bytes of one frame of the message, from its byte `offset` on: of the header, or else of the body.
    private func appendMessage(
        from offset: Int, byteCountMax: Int, _ call: CallID, _ source: some CallBodySource, _ output: inout OutputRawSpan
    ) {
        let frameNumber = min(fullFrameCount, offset / (fullFrame.byteCount + Self.frameBodyBytesMax))
        let header = frameNumber < fullFrameCount ? fullFrame : lastFrame
        let inFrame = offset - frameNumber * (fullFrame.byteCount + Self.frameBodyBytesMax)
        if inFrame < header.byteCount {
            header.append(inFrame..<min(header.byteCount, inFrame + byteCountMax), to: &output)
            return
        }
        let bodyStart = frameNumber * Self.frameBodyBytesMax + inFrame - header.byteCount
        let frameBodyEnd = frameNumber < fullFrameCount ? (frameNumber + 1) * Self.frameBodyBytesMax : bodyByteCount
        let body = bodyStart..<min(frameBodyEnd, bodyStart + byteCountMax)
        let before = output.byteCount
        source.append(body, of: call, to: &output)
        precondition(output.byteCount - before == body.count, "a call's body is not as long as it was said to be")
    }
}
