// A yamux frame's header, big-endian:
//     | version 8 bits: 0 | type 8 | flags 16 | stream id 32 | length 32 |
// Only data frames have a payload, of `length` bytes; for the others `length` is the window's increment, the ping's value or the go away code.

/// The header of a yamux frame. https://github.com/hashicorp/yamux/blob/master/spec.md
struct YamuxHeader: Equatable, Sendable {
    static var byteCount: Int { 12 }

    enum FrameType: UInt8, Sendable {
        case data = 0
        case windowUpdate = 1
        case ping = 2
        case goAway = 3
    }

    struct Flags: OptionSet, Sendable {
        var rawValue: UInt16
        /// Opens a stream; in a ping: asks.
        static let syn = Flags(rawValue: 1)
        /// Accepts a stream; in a ping: answers.
        static let ack = Flags(rawValue: 2)
        /// The sender sends no more data on this stream.
        static let fin = Flags(rawValue: 4)
        /// The stream is gone at once.
        static let rst = Flags(rawValue: 8)
    }

    var type: FrameType
    var flags: Flags
    var streamID: UInt32
    var length: UInt32

    init(_ type: FrameType, _ flags: Flags = [], streamID: UInt32 = 0, length: UInt32) {
        self.type = type
        self.flags = flags
        self.streamID = streamID
        self.length = length
    }

    /// Reads a header's twelve bytes. Unknown flags are kept and mean nothing, as in hashicorp/yamux.
    /// - Parameters:
    ///   - high: the first eight bytes, big-endian.
    ///   - low: the last four.
    init(high: UInt64, low: UInt32) throws(YamuxError) {
        let version = UInt8(truncatingIfNeeded: high &>> 56)
        guard version == 0 else { throw .unsupportedVersion(version) }
        let typeByte = UInt8(truncatingIfNeeded: high &>> 48)
        guard let type = FrameType(rawValue: typeByte) else { throw .unknownFrameType(typeByte) }
        self.type = type
        flags = Flags(rawValue: UInt16(truncatingIfNeeded: high &>> 32))
        streamID = UInt32(truncatingIfNeeded: high)
        length = low
    }

    /// There must be room for `byteCount` bytes.
    func append(to output: inout OutputRawSpan) {
        output.append(0)
        output.append(type.rawValue)
        output.append(UInt8(truncatingIfNeeded: flags.rawValue &>> 8))
        output.append(UInt8(truncatingIfNeeded: flags.rawValue))
        Self.append(streamID, to: &output)
        Self.append(length, to: &output)
    }

    private static func append(_ value: UInt32, to output: inout OutputRawSpan) {
        output.append(UInt8(truncatingIfNeeded: value &>> 24))
        output.append(UInt8(truncatingIfNeeded: value &>> 16))
        output.append(UInt8(truncatingIfNeeded: value &>> 8))
        output.append(UInt8(truncatingIfNeeded: value))
    }
}
