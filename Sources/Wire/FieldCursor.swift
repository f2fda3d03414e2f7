/// Where a walk over the fields of one message stands: `position ..< end` of the payload is still to be read.
///
/// The hot steps are inlined and hand the position back by value, never by address, so that it stays in a register.
struct FieldCursor {
    var position: Int
    let end: Int

    /// A walk over the message that lies at `range` of `bytes`; every later call takes the same bytes.
    @inline(__always)
    init(_ range: Range<Int>, of bytes: RawSpan) {
        self.init(from: range.lowerBound, to: range.upperBound, of: bytes)
    }

    @inline(__always)
    init(from position: Int, to end: Int, of bytes: RawSpan) {
        precondition(position >= 0 && position <= end && end <= bytes.byteCount)
        self.position = position
        self.end = end
    }

    @inline(__always)
    var isAtEnd: Bool { position >= end }

    /// The next field's tag as it stands on the wire, its number not yet checked: `skip` does that for all but the known ones.
    @inline(__always)
    mutating func tag(in bytes: RawSpan) throws(ProtobufError) -> UInt64 {
        try varint(in: bytes)
    }

    @inline(__always)
    mutating func varint(in bytes: RawSpan) throws(ProtobufError) -> UInt64 {
        guard position < end else { throw .truncated }
        let first = bytes.byte(at: position)
        if first < 0x80 {
            position &+= 1
            return UInt64(first)
        }
        if end &- position >= 2 {
            let second = bytes.byte(at: position &+ 1)
            if second < 0x80 {
                position &+= 2
                return UInt64(first & 0x7F) | UInt64(second) &<< 7
            }
        }
        let (value, next) = try Varint.readLong(bytes, from: position, end: end)
        position = next
        return value
    }

    /// Moves past a length-delimited value and returns where it lies.
    @inline(__always)
    mutating func lengthDelimited(in bytes: RawSpan) throws(ProtobufError) -> Range<Int> {
        let length = try varint(in: bytes)
        guard length <= UInt64(truncatingIfNeeded: end &- position) else { throw .truncated }
        let start = position
        position = start &+ Int(truncatingIfNeeded: length)
        return start..<position
    }

    /// Moves past the value of a `string` field and returns where it lies.
    @inline(__always)
    mutating func string(in bytes: RawSpan, validating: Bool) throws(ProtobufError) -> Range<Int> {
        let range = try lengthDelimited(in: bytes)
        guard !validating || UTF8Validation.isValid(bytes, range) else { throw .invalidUTF8 }
        return range
    }

    /// Moves past the value of a field that the schema does not know, or knows with another wire type.
    @inline(__always)
    mutating func skip(_ tag: UInt64, in bytes: RawSpan) throws(ProtobufError) {
        position = try FieldSkip.skip(tag, bytes, from: position, end: end)
    }
}

extension Range<Int> {
    /// `count` without its check for an overflow: that of a place in a message has none.
    @inline(__always)
    var byteCount: Int { upperBound &- lowerBound }
}
