enum Varint {
    /// Reads a varint whose first byte is known to have its continuation bit set.
    /// - Returns: the value, and the position after it.
    static func readLong(_ bytes: RawSpan, from position: Int, end: Int) throws(ProtobufError) -> (UInt64, Int) {
        if bytes.byteCount &- position >= 8 {
            let word = bytes.word(at: position)
            let stops = ~word & 0x8080_8080_8080_8080
            if stops != 0 {
                let next = position &+ (stops.trailingZeroBitCount &>> 3) &+ 1
                guard next <= end else { throw .truncated }
                return (compact(word & (stops ^ (stops &- 1))), next)
            }
        }
        return try readBytewise(bytes, from: position, end: end)
    }

    /// Joins the low seven bits of the eight bytes of `word`.
    @inline(__always)
    static func compact(_ word: UInt64) -> UInt64 {
        let pairs = (word & 0x007F_007F_007F_007F) | (word & 0x7F00_7F00_7F00_7F00) &>> 1
        let quads = (pairs & 0x0000_3FFF_0000_3FFF) | (pairs & 0x3FFF_0000_3FFF_0000) &>> 2
        return (quads & 0x0FFF_FFFF) | (quads & 0x0FFF_FFFF_0000_0000) &>> 4
    }

    /// The plain way: for nine and ten bytes, and where the payload ends within eight.
    @inline(never)
    private static func readBytewise(_ bytes: RawSpan, from start: Int, end: Int) throws(ProtobufError) -> (UInt64, Int) {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var position = start
        while position < end {
            let byte = bytes.byte(at: position)
            position &+= 1
            // The tenth byte has room for one bit only.
            if shift == 63 && byte > 1 { throw .varintTooLong }
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return (value, position) }
            shift &+= 7
        }
        throw .truncated
    }

    /// Bytes that `value` takes.
    @inline(__always)
    static func byteCount(_ value: UInt64) -> Int {
        // Of lengths, few take more than two.
        if value < 0x4000 { return value < 0x80 ? 1 : 2 }
        return (9 &* (64 &- (value | 1).leadingZeroBitCount) &+ 64) &>> 6
    }

    /// Gives the bytes of `value`, in their order, to `put`.
    @inline(__always)
    static func write(_ value: UInt64, _ put: (UInt8) -> Void) {
        var rest = value
        while rest >= 0x80 {
            put(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest &>>= 7
        }
        put(UInt8(truncatingIfNeeded: rest))
    }
}

extension Varint {
    /// Of a varint of fixed width, which decoders take like a shorter one: so wide that it holds the length of any message.
    static var lengthBytes: Int { 5 }

    /// `value` in `width` bytes, the first in the lowest bits.
    @inline(__always)
    static func padded(_ value: UInt64, width: Int) -> UInt64 {
        var bytes: UInt64 = 0
        for place in 0..<UInt64(truncatingIfNeeded: width) {
            bytes |= (value &>> (7 &* place) & 0x7F | 0x80) &<< (8 &* place)
        }
        // The last one has no more behind it.
        return bytes ^ 0x80 &<< UInt64(truncatingIfNeeded: 8 &* (width &- 1))
    }
}

extension [UInt8] {
    mutating func append(varint value: UInt64) { Varint.write(value) { append($0) } }

    /// Leaves room for the length of a message that is not written yet, and returns where.
    mutating func appendRoomForLength() -> Int {
        self += repeatElement(0, count: Varint.lengthBytes)
        return count - Varint.lengthBytes
    }

    /// Puts in the length of the message that begins behind the room at `position`, and reaches to the end.
    mutating func setLength(at position: Int) {
        let bytes = Varint.padded(UInt64(count - position - Varint.lengthBytes), width: Varint.lengthBytes)
        for offset in 0..<Varint.lengthBytes { self[position + offset] = UInt8(truncatingIfNeeded: bytes >> (8 * UInt64(offset))) }
    }
}
