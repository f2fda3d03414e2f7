/// Looks for bytes, sixteen at a time.
enum ByteSearch {
    typealias Block = SIMD16<UInt8>
    typealias Hits = SIMDMask<SIMD16<Int8>>

    /// Where the first byte between `start` and `end` of `bytes` stands that `isHit` marks; `end` when there is none.
    @inline(__always)
    static func first(in bytes: RawSpan, from start: Int, to end: Int, _ isHit: (Block) -> Hits) -> Int {
        var position = start
        while position < end, bytes.byteCount &- position >= 16 {
            // Each byte of a hit has all bits set, others none.
            let words = unsafe unsafeBitCast(isHit(bytes.block(at: position)), to: SIMD2<UInt64>.self)
            // What follows the text in the payload was read with its last bytes.
            if words[0] != 0 { return min(end, position &+ words[0].trailingZeroBitCount &>> 3) }
            if words[1] != 0 { return min(end, position &+ 8 &+ words[1].trailingZeroBitCount &>> 3) }
            position &+= 16
        }
        while position < end {
            if isHit(Block(repeating: bytes.byte(at: position)))[0] { return position }
            position &+= 1
        }
        return end
    }
}

extension SIMD16<UInt8> {
    @inline(__always)
    func hits(_ byte: UInt8) -> ByteSearch.Hits { self .== SIMD16(repeating: byte) }
}
