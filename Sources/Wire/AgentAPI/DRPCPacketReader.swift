// A DRPC frame:
//     | control 8 bits: bit 7 control, bits 6-1 kind, bit 0 done | stream varint | message varint | length varint | length bytes |
// The frames of one packet have the same stream, message and kind; the last of them is done.

/// The kinds of DRPC packets. https://pkg.go.dev/storj.io/drpc/drpcwire#Kind
enum DRPCKind {
    static let invoke: UInt8 = 1
    static let message: UInt8 = 2
    static let error: UInt8 = 3
    static let cancel: UInt8 = 4
    static let close: UInt8 = 5
    static let closeSend: UInt8 = 6
}

/// A packet whose last frame has come. Of its content only what an error says is kept, in the reader.
struct DRPCPacket: Equatable {
    var kind: UInt8
    /// Set in one of its frames at least: a receiver that does not know the kind ignores the packet.
    var isControl: Bool
    /// The call that it belongs to.
    var stream: UInt64
    var message: UInt64
    var byteCount: Int
}

/// Reads the packets of one transport (one yamux stream), whatever the reads, by the rules of storj.io/drpc's `drpcwire.Reader`: ids rise, a
/// new id discards an unfinished packet, kinds do not change within a packet. Holds no content but the beginning of an error.
struct DRPCPacketReader {
    /// The longest packet that is not an error. The answers that we await are a few bytes.
    static var messageBytesMax: Int { 64 << 10 }
    /// The longest error, the longest packet of the reference too.
    static var errorBytesMax: Int { 4 << 20 }
    /// An error's text is kept up to here, in bytes; the rest is skipped.
    static var errorTextBytesMax: Int { 4096 }
    private static var errorCodeBytes: Int { 8 }

    private enum Field { case control, stream, message, length, data }

    private var field = Field.control
    private var value: UInt64 = 0
    private var shift: UInt64 = 0

    // The frame being read.
    private var control: UInt8 = 0
    private var stream: UInt64 = 0
    private var message: UInt64 = 0
    private var dataBytesLeft = 0

    /// The packet that frames are gathered for; nil when the last one is complete.
    private var packet: DRPCPacket?
    // The next frame's ids are not below these, nor these themselves once their packet is complete.
    private var streamMin: UInt64 = 1
    private var messageMin: UInt64 = 1
    private var mayRepeatIDs = true
    /// The beginning of the last error packet: its code and text.
    private var error: [UInt8] = []

    /// The next packet that ends within the bytes from `offset` to `end`; moves `offset` past it, or to `end`. After an error the reader is of no
    /// more use.
    mutating func next(in bytes: RawSpan, offset: inout Int, end: Int) throws(DRPCError) -> DRPCPacket? {
        while true {
            if field == .data {
                takeData(bytes, &offset, end)
                guard dataBytesLeft == 0 else { return nil }
                field = .control
                if control & 1 == 1, let whole = packet {
                    packet = nil
                    mayRepeatIDs = false
                    return whole
                }
            }
            guard offset < end else { return nil }
            let byte = bytes.byte(at: offset)
            offset += 1
            try takeHeader(byte)
        }
    }

    private mutating func takeHeader(_ byte: UInt8) throws(DRPCError) {
        if field == .control {
            control = byte
            field = .stream
            return
        }
        value |= UInt64(byte & 0x7F) << shift
        shift += 7
        guard byte < 0x80 else {
            guard shift < 64 else { throw .varintTooLong }
            return
        }
        let number = value
        value = 0
        shift = 0
        switch field {
        case .stream:
            stream = number
            field = .message
        case .message:
            message = number
            field = .length
        case .length:
            try startFrame(length: number)
            field = .data
        case .control, .data: assertionFailure("not a varint")
        }
    }

    private mutating func startFrame(length: UInt64) throws(DRPCError) {
        let rises = stream > streamMin || stream == streamMin && message > messageMin
        let repeats = stream == streamMin && message == messageMin
        guard message > 0, rises || repeats && mayRepeatIDs else { throw .idNotRising(stream: stream, message: message) }
        let kind = control >> 1 & 0x3F
        let isControl = control & 0x80 != 0
        if let current = packet, current.stream == stream, current.message == message {
            guard current.kind == kind else { throw .kindChanged(from: current.kind, to: kind) }
            packet?.isControl = current.isControl || isControl
        } else {
            packet = DRPCPacket(kind: kind, isControl: isControl, stream: stream, message: message, byteCount: 0)
            streamMin = stream
            messageMin = message
            mayRepeatIDs = true
            error = []
        }
        let before = packet?.byteCount ?? 0
        let bytesMax = kind == DRPCKind.error ? Self.errorBytesMax : Self.messageBytesMax
        guard length <= UInt64(bytesMax - before) else {
            throw .packetTooLong(kind: kind, byteCount: UInt64(before).addingReportingOverflow(length).overflow ? .max : UInt64(before) + length)
        }
        packet?.byteCount = before + Int(length)
        dataBytesLeft = Int(length)
    }

    private mutating func takeData(_ bytes: RawSpan, _ offset: inout Int, _ end: Int) {
        let count = min(dataBytesLeft, end - offset)
        if control >> 1 & 0x3F == DRPCKind.error {
            let kept = min(count, Self.errorCodeBytes + Self.errorTextBytesMax - error.count)
            error.append(bytes, offset..<offset + kept)
        }
        offset += count
        dataBytesLeft -= count
    }

    /// What the error packet just read says. As in the reference, one too short for a code has code 0 and is all text. What is not UTF-8 is
    /// replaced.
    func errorContent() -> (code: UInt64, text: String) {
        guard error.count >= Self.errorCodeBytes else { return (0, String(decoding: error, as: UTF8.self)) }
        let code = error[..<Self.errorCodeBytes].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        return (code, String(decoding: error[Self.errorCodeBytes...], as: UTF8.self))
    }
}
