/// The malformed frames of protocol.md. Each is made from a good one whose sequence numbers no client ever reaches, so that a
/// daemon that forwards it is found out.
public enum BadFrame: String, CaseIterable, Sendable {
    /// The daemon drops the frame and goes on with the next.
    case invalidProtobuf = "invalid_protobuf"
    /// The daemon closes the connection.
    case unknownTag = "unknown_tag"
    /// The daemon closes the connection.
    case lengthOver = "length_over"
    /// The client goes away inside the frame, as a boundary that is killed.
    case truncated

    static let firstSequence: Int32 = 0x7fff_0000

    /// Whether the daemon must end the connection, so that nothing may follow.
    var isFatal: Bool { self == .unknownTag || self == .lengthOver }

    /// Spoils the good frame at `frame` in `buffer`, which has room for 16 bytes more; returns what to send.
    func spoil(
        _ frame: Range<Int>, in buffer: UnsafeMutableRawBufferPointer, using generator: inout some RandomNumberGenerator
    ) -> Range<Int> {
        let payloadBytes = frame.count - MessageEncoder.headerBytes
        switch self {
        case .invalidProtobuf:
            return Self.spoilPayload(frame, in: buffer, using: &generator)
        case .unknownTag:
            let tag = UInt8.random(in: 2...255, using: &generator)
            buffer[frame.lowerBound] = tag == 2 ? 0 : tag
            return frame
        case .lengthOver:
            let length = Bool.random(using: &generator)
                ? MessageEncoder.payloadBytesMax + 1 : Int.random(in: 32769...0xff_ffff, using: &generator)
            Self.setLength(length, of: frame.lowerBound, in: buffer)
            return frame
        case .truncated:
            let kept = Int.random(in: 1..<(MessageEncoder.headerBytes + payloadBytes), using: &generator)
            return frame.lowerBound..<(frame.lowerBound + kept)
        }
    }

    private static func spoilPayload(
        _ frame: Range<Int>, in buffer: UnsafeMutableRawBufferPointer, using generator: inout some RandomNumberGenerator
    ) -> Range<Int> {
        var end = frame.upperBound
        func append(_ bytes: [UInt8]) {
            for byte in bytes {
                buffer[end] = byte
                end += 1
            }
        }
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: end -= 1                                                    // a field that ends too late
        case 1: buffer[end - 1] = 0xff                                      // not UTF-8, in the last string
        case 2: append([0x0f])                                              // wire type 7
        case 3: append([0x00, 0x01])                                        // field number 0
        case 4: append([0x50] + Array(repeating: 0xff, count: 10) + [0x01]) // a varint of 11 bytes
        case 5: append([0x54])                                              // the end of a group that never began
        case 6: append([0x53])                                              // a group without an end
        default: append([0x80])                                             // a key without an end
        }
        setLength(end - frame.lowerBound - MessageEncoder.headerBytes, of: frame.lowerBound, in: buffer)
        return frame.lowerBound..<end
    }

    private static func setLength(_ length: Int, of header: Int, in buffer: UnsafeMutableRawBufferPointer) {
        let pointer = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self) + header
        MessageEncoder.writeHeader(tag: pointer[0], length: length, to: pointer)
    }
}
