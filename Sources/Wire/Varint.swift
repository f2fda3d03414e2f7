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
}
