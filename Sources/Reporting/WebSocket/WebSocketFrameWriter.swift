/// What is on its way out: a few frames, masked, in one buffer that is filled only when it is empty but for control frames,
/// for which there is always room. Messages are made where they lie in it; several go out with one call of the kernel.
///
/// RFC 6455, sections 5.2 and 5.3: https://www.rfc-editor.org/rfc/rfc6455#section-5.2
package final class WebSocketFrameWriter {
    enum Opcode: UInt8 {
        case binary = 2
        case close = 8
        case pong = 10
    }

    /// Payload of one message: with its header it fits into 32 KiB, which proxies in between can be expected to pass.
    package static let messageBytesMax = (32 << 10) - headerBytesMax
    private static let headerBytesMax = 8
    /// A pong and a close.
    private static let controlFramesBytes = 2 * (headerBytesMax + WebSocketFrameReader.controlBytesMax)
    /// So many messages of full length find room at once.
    private static let messagesMax = 4
    static let outputBytesMax = messagesMax * (32 << 10) + controlFramesBytes

    private var random: RandomBytes
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: outputBytesMax, alignment: 16)
    private var sent = 0
    private var filled = 0

    init(_ random: RandomBytes) {
        self.random = random
    }

    deinit { output.deallocate() }

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
        bytes.withUnsafeBytes { append($0) }
    }

    /// Where the payload of the next message may be put, up to `messageBytesMax`, for `writeMessage`; nil when there is no room for one of full length.
    var roomForMessage: UnsafeMutableRawBufferPointer? {
        let start = filled + Self.headerBytesMax
        guard start + Self.messageBytesMax + Self.controlFramesBytes <= output.count else { return nil }
        return UnsafeMutableRawBufferPointer(rebasing: output[start..<start + Self.messageBytesMax])
    }

    /// One message, of the first bytes of `roomForMessage`. False when the system has no random bytes for its mask: nothing more can be sent then.
    func writeMessage(_ payloadBytes: Int) -> Bool {
        let start = filled + Self.headerBytesMax
        return write(.binary, UnsafeRawBufferPointer(rebasing: output[start..<start + payloadBytes]))
    }

    /// One whole message or control frame, whose payload may lie where it will be sent from, or behind. False when the system has no random bytes for its mask: nothing more can be sent then.
    func write(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer) -> Bool {
        var mask: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)
        guard withUnsafeMutableBytes(of: &mask, { random.fill($0) }) else { return false }
        precondition(Self.headerBytesMax + payload.count <= output.count - filled, "the WebSocket's output buffer is too small")
        // A whole frame; the length follows the mask bit, or stands behind it. None needs the longest form.
        appendValue(0x80 | opcode.rawValue)
        if payload.count < 126 {
            appendValue(0x80 | UInt8(payload.count))
        } else {
            appendValue(0x80 | 126 as UInt8)
            appendValue(UInt16(payload.count).bigEndian)
        }
        appendValue(mask)
        appendMasked(payload, mask)
        return true
    }

    private func appendValue<Value: BitwiseCopyable>(_ value: Value) {
        output.storeBytes(of: value, toByteOffset: filled, as: Value.self)
        filled += MemoryLayout<Value>.size
    }

    /// 32 bytes at a time, from the front: the payload may lie here, or two bytes behind. Masking was a seventh of all that a log to coderd cost when each byte
    /// was done by itself.
    private func appendMasked(_ payload: UnsafeRawBufferPointer, _ mask: (UInt8, UInt8, UInt8, UInt8)) {
        let word = withUnsafeBytes(of: mask) { $0.load(as: UInt32.self) }
        let wide = UInt64(word) << 32 | UInt64(word)
        let room = UnsafeMutableRawBufferPointer(rebasing: output[filled..<filled + payload.count])
        let words = SIMD4<UInt64>(repeating: wide)
        let wholeBlocks = payload.count & ~31
        var offset = 0
        while offset < wholeBlocks {
            room.storeBytes(of: payload.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self) ^ words, toByteOffset: offset, as: SIMD4<UInt64>.self)
            offset += 32
        }
        while offset < payload.count {
            room[offset] = payload[offset] ^ UInt8(truncatingIfNeeded: wide >> UInt64((offset & 3) * 8))
            offset += 1
        }
        filled += payload.count
    }

    /// RFC 6455, section 5.5.1. No code: an empty frame, in answer to one.
    func write(closeCode: Int?) -> Bool {
        let payload = closeCode.map { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] } ?? []
        return payload.withUnsafeBytes { write(.close, $0) }
    }

    private func append(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= output.count - filled, "the WebSocket's output buffer is too small")
        UnsafeMutableRawBufferPointer(rebasing: output[filled..<filled + bytes.count]).copyMemory(from: bytes)
        filled += bytes.count
    }
}
