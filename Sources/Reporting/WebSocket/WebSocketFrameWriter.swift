internal import CWslay

/// What is on its way out: a few frames, masked by libwslay, in one buffer that is filled only when it is empty but for control frames,
/// for which there is always room.
///
/// RFC 6455, section 5.3; https://tatsuhiro-t.github.io/wslay/man/wslay_frame_send.html
package final class WebSocketFrameWriter {
    enum Opcode { case binary, close, pong }

    /// Payload of one message: with its header it fits into 32 KiB, which proxies in between can be expected to pass.
    package static let messageBytesMax = (32 << 10) - headerBytesMax
    private static let headerBytesMax = 14
    /// A pong and a close.
    private static let controlFramesBytes = 2 * (headerBytesMax + WebSocketFrameReader.controlBytesMax)
    static let outputBytesMax = (32 << 10) + controlFramesBytes

    private var context: wslay_frame_context_ptr?
    private var random: RandomBytes
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: outputBytesMax, alignment: 16)
    private var sent = 0
    private var filled = 0

    init(_ random: RandomBytes) {
        self.random = random
        var callbacks = wslay_frame_callbacks()
        callbacks.send_callback = { bytes, count, _, me in
            WebSocketFrameWriter.from(me).append(UnsafeRawBufferPointer(start: bytes, count: count))
        }
        callbacks.genmask_callback = { buffer, count, me in
            WebSocketFrameWriter.from(me).random.fill(UnsafeMutableRawBufferPointer(start: buffer, count: count)) ? 0 : -1
        }
        let code = wslay_frame_context_init(&context, &callbacks, Unmanaged.passUnretained(self).toOpaque())
        precondition(code == 0, "wslay_frame_context_init: out of memory")
    }

    deinit {
        wslay_frame_context_free(context)
        output.deallocate()
    }

    /// Valid, and at the same address, until it has been sent.
    var pending: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: output[sent..<filled]) }
    var isEmpty: Bool { sent == filled }

    func consume(_ count: Int) {
        sent += count
        assert(sent <= filled)
        if isEmpty {
            sent = 0
            filled = 0
        }
    }

    /// The request before there are frames; at most `outputBytesMax`.
    func write(raw bytes: [UInt8]) {
        bytes.withUnsafeBytes { _ = append($0) }
    }

    /// One whole message or control frame. False when the system has no random bytes for its mask: nothing more can be sent then.
    func write(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer) -> Bool {
        var frame = wslay_frame_iocb()
        frame.fin = 1
        frame.mask = 1
        frame.opcode =
            switch opcode {
            case .binary: UInt8(WSLAY_BINARY_FRAME.rawValue)
            case .close: UInt8(WSLAY_CONNECTION_CLOSE.rawValue)
            case .pong: UInt8(WSLAY_PONG.rawValue)
            }
        frame.payload_length = UInt64(payload.count)
        frame.data = payload.baseAddress?.assumingMemoryBound(to: UInt8.self)
        frame.data_length = payload.count
        return wslay_frame_send(context, &frame) == payload.count
    }

    /// RFC 6455, section 5.5.1. No code: an empty frame, in answer to one.
    func write(closeCode: Int?) -> Bool {
        let payload = closeCode.map { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] } ?? []
        return payload.withUnsafeBytes { write(.close, $0) }
    }

    private func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        precondition(bytes.count <= output.count - filled, "the WebSocket's output buffer is too small")
        UnsafeMutableRawBufferPointer(rebasing: output[filled..<filled + bytes.count]).copyMemory(from: bytes)
        filled += bytes.count
        return bytes.count
    }

    private static func from(_ me: UnsafeMutableRawPointer?) -> WebSocketFrameWriter {
        Unmanaged<WebSocketFrameWriter>.fromOpaque(me!).takeUnretainedValue()
    }
}
