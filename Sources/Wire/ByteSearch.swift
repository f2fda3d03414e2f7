/// Looks for bytes, sixteen at a time.
enum ByteSearch {
    /// Where the first byte between `start` and `end` of `bytes` stands that `isHit` marks; `end` when there is none.
    @inline(__always)
    static func first(in bytes: RawSpan, from start: Int, to end: Int, _ isHit: (ByteBlock) -> SIMD2<UInt64>) -> Int {
        var position = start
        while position < end, bytes.byteCount &- position >= 16 {
            let hits = isHit(ByteBlock(bytes.twoWords(at: position))) & SIMD2(repeating: ByteBlock.highBits)
            // What follows the text in the payload was read with its last bytes.
            if hits[0] != 0 { return min(end, position &+ hits[0].trailingZeroBitCount &>> 3) }
            if hits[1] != 0 { return min(end, position &+ 8 &+ hits[1].trailingZeroBitCount &>> 3) }
            position &+= 16
        }
        while position < end {
            if isHit(ByteBlock(SIMD2(UInt64(bytes.byte(at: position)), 0)))[0] & 0x80 != 0 { return position }
            position &+= 1
        }
        return end
    }
}

/// Sixteen bytes, eight in each word, the first in the lowest bits.
struct ByteBlock {
    private let words: SIMD2<UInt64>

    static var highBits: UInt64 { 0x8080_8080_8080_8080 }
    private static var ones: UInt64 { 0x0101_0101_0101_0101 }

    @inline(__always)
    init(_ words: SIMD2<UInt64>) { self.words = words }

    /// Sets the high bit of each byte that is `byte`, and perhaps of those above it in the same word: the lowest is right. Other bits say nothing.
    @inline(__always)
    func hits(_ byte: UInt8) -> SIMD2<UInt64> {
        let zeros = words ^ SIMD2(repeating: Self.ones &* UInt64(byte))
        return (zeros &- SIMD2(repeating: Self.ones)) & ~zeros
    }
}
