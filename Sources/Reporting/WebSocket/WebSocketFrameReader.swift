internal import CWslay

/// Takes the frames of a server apart: libwslay reads headers, the rules of messages are checked here. Bytes in, one step out at a time.
/// Borders of messages mean nothing to us, so payload is handed out as it comes and never gathered; memory is fixed.
///
/// RFC 6455, section 5; https://tatsuhiro-t.github.io/wslay/man/wslay_frame_recv.html
///
/// libwslay's event interface would check messages too, but queues a pong for each ping without a bound, takes memory for each message, and
/// tells no reason when it gives up.
final class WebSocketFrameReader {
    static let controlBytesMax = 125

    enum Step {
        /// All bytes were taken.
        case needMoreBytes
        /// Of binary messages; valid until the next call.
        case payload(UnsafeRawBufferPointer)
        /// Valid until the next call.
        case ping(UnsafeRawBufferPointer)
        /// Final. `code` nil: the server gave none.
        case closed(code: Int?, reason: String)
        /// Final.
        case failed(WebSocketProtocolError)
    }

    private var context: wslay_frame_context_ptr?
    /// What is left of the bytes given to `feed`.
    private var input = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Of the current frame, given out by libwslay.
    private var frameBytes: UInt64 = 0
    private var isInsideMessage = false
    /// Payload of the current control frame; libwslay lets no longer one through.
    private let control = UnsafeMutableRawBufferPointer.allocate(byteCount: controlBytesMax, alignment: 1)
    private var controlBytes = 0
    private var last: Step?

    init() {
        var callbacks = wslay_frame_callbacks()
        callbacks.recv_callback = { buffer, count, _, me in
            Unmanaged<WebSocketFrameReader>.fromOpaque(me!).takeUnretainedValue().take(
                UnsafeMutableRawBufferPointer(start: buffer, count: count))
        }
        let code = wslay_frame_context_init(&context, &callbacks, Unmanaged.passUnretained(self).toOpaque())
        precondition(code == 0, "wslay_frame_context_init: out of memory")
    }

    deinit {
        wslay_frame_context_free(context)
        control.deallocate()
    }

    /// The next bytes, valid until `next` says `needMoreBytes`.
    func feed(_ bytes: UnsafeRawBufferPointer) {
        assert(input.isEmpty, "bytes were fed before those before them were taken")
        input = bytes
    }

    /// Drops what is left of those bytes: nobody wants it any more.
    func forget() {
        input = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    func next() -> Step {
        while last == nil {
            var frame = wslay_frame_iocb()
            let count = wslay_frame_recv(context, &frame)
            guard count >= 0 else {
                guard count == Int(WSLAY_ERR_WANT_READ.rawValue) else { return end(with: .failed(.framing)) }
                if input.isEmpty { return .needMoreBytes }
                continue
            }
            if frameBytes == 0, let error = frameBegins(frame) { return end(with: .failed(error)) }
            frameBytes += UInt64(frame.data_length)
            let isFrameEnd = frameBytes == frame.payload_length
            if isFrameEnd { frameBytes = 0 }
            let payload = UnsafeRawBufferPointer(start: frame.data, count: frame.data_length)
            if frame.opcode < 8 {
                if isFrameEnd { isInsideMessage = frame.fin == 0 }
                if !payload.isEmpty { return .payload(payload) }
            } else {
                UnsafeMutableRawBufferPointer(rebasing: control[controlBytes...]).copyMemory(from: payload)
                controlBytes += payload.count
                if isFrameEnd, let step = controlEnded(frame.opcode) { return step }
            }
        }
        forget()
        return last ?? .needMoreBytes
    }

    private func take(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, input.count)
        // 0 is an error to libwslay, which then wants to read.
        guard count > 0 else { return -1 }
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[..<count]))
        input = UnsafeRawBufferPointer(rebasing: input[count...])
        return count
    }

    private func frameBegins(_ frame: wslay_frame_iocb) -> WebSocketProtocolError? {
        guard frame.mask == 0 else { return .masked }
        guard frame.rsv == 0 else { return .reservedBits }
        switch Int(frame.opcode) {
        case Int(WSLAY_CONTINUATION_FRAME.rawValue): return isInsideMessage ? nil : .strayContinuation
        case Int(WSLAY_TEXT_FRAME.rawValue): return .text
        case Int(WSLAY_BINARY_FRAME.rawValue): return isInsideMessage ? .messageInsideMessage : nil
        case Int(WSLAY_CONNECTION_CLOSE.rawValue), Int(WSLAY_PING.rawValue), Int(WSLAY_PONG.rawValue):
            controlBytes = 0
            return nil
        default: return .opcode(Int(frame.opcode))
        }
    }

    /// nil: go on. A pong that nobody asked for is allowed, and means nothing.
    private func controlEnded(_ opcode: UInt8) -> Step? {
        let payload = UnsafeRawBufferPointer(rebasing: control[..<controlBytes])
        switch Int(opcode) {
        case Int(WSLAY_PING.rawValue): return .ping(payload)
        case Int(WSLAY_CONNECTION_CLOSE.rawValue): return end(with: closed(payload))
        default: return nil
        }
    }

    /// RFC 6455, section 5.5.1 and 7.4; 1012 to 1014 by IANA's registry.
    private func closed(_ payload: UnsafeRawBufferPointer) -> Step {
        guard !payload.isEmpty else { return .closed(code: nil, reason: "") }
        guard payload.count >= 2 else { return .failed(.closeCode) }
        let code = Int(payload[0]) << 8 | Int(payload[1])
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: return .failed(.closeCode)
        }
        guard let reason = String(validating: payload[2...], as: UTF8.self) else { return .failed(.closeReason) }
        return .closed(code: code, reason: reason)
    }

    private func end(with step: Step) -> Step {
        forget()
        last = step
        return step
    }
}
