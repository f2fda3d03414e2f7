/// JSON string literals of valid UTF-8. Escaped is what RFC 8259 demands and nothing else: `"`, `\` and U+0000…U+001F.
enum JSONString {
    /// Appends `range` of `bytes` as a quoted literal of `byteCount` bytes, which the function of that name counted.
    @inline(__always)
    static func append(_ bytes: RawSpan, _ range: Range<Int>, byteCount: Int, to output: inout OutputRawSpan) {
        output.append(UInt8(ascii: "\""))
        appendContent(bytes, range, byteCount: byteCount &- 2, to: &output)
        output.append(UInt8(ascii: "\""))
    }

    /// The same without the quotes; `contentByteCount` counted its bytes.
    @inline(__always)
    static func appendContent(_ bytes: RawSpan, _ range: Range<Int>, byteCount: Int, to output: inout OutputRawSpan) {
        if byteCount == range.count { output.append(bytes, range) } else { appendEscaped(bytes, range, to: &output) }
    }

    /// Runs without escapes are copied whole.
    @inline(never)
    private static func appendEscaped(_ bytes: RawSpan, _ range: Range<Int>, to output: inout OutputRawSpan) {
        var runStart = range.lowerBound
        for position in range {
            let byte = bytes.byte(at: position)
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            output.append(bytes, runStart..<position)
            appendEscape(of: byte, to: &output)
            runStart = position &+ 1
        }
        output.append(bytes, runStart..<range.upperBound)
    }

    /// Bytes of the quoted literal that `append` writes.
    @inline(__always)
    static func byteCount(_ bytes: RawSpan, _ range: Range<Int>) -> Int { contentByteCount(bytes, range) &+ 2 }

    @inline(__always)
    static func contentByteCount(_ bytes: RawSpan, _ range: Range<Int>) -> Int {
        mayNeedEscape(bytes, range) ? countEscaped(bytes, range) : range.count
    }

    @inline(never)
    private static func countEscaped(_ bytes: RawSpan, _ range: Range<Int>) -> Int {
        var count = range.count
        for position in range {
            switch bytes.byte(at: position) {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x08, 0x09, 0x0A, 0x0C, 0x0D: count &+= 1
            case ..<0x20: count &+= 5
            default: break
            }
        }
        return count
    }

    /// Whether one of the bytes is below 0x20, a quote or a backslash. May err towards true only. No branch depends on what they are.
    @inline(__always)
    private static func mayNeedEscape(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        let (start, end) = (range.lowerBound, range.upperBound)
        let length = end &- start
        if length >= 16 { return mayLongNeedEscape(bytes, from: start, end: end) }
        // The last eight bytes, some of them for the second time.
        if length >= 8 { return (signs(bytes.word(at: start)) | signs(bytes.word(at: end &- 8))) & highBits != 0 }
        guard bytes.byteCount &- start >= 8 else { return true }
        // What follows the string is read with it; spaces take its place.
        let mask = (1 as UInt64) &<< UInt64(truncatingIfNeeded: length &* 8) &- 1
        return signs(bytes.word(at: start) & mask | 0x2020_2020_2020_2020 & ~mask) & highBits != 0
    }

    @inline(never)
    private static func mayLongNeedEscape(_ bytes: RawSpan, from start: Int, end: Int) -> Bool {
        var position = start
        let last = end &- 16
        var found = signs(bytes.twoWords(at: last))
        while position < last {
            found |= signs(bytes.twoWords(at: position))
            position &+= 16
        }
        return (found[0] | found[1]) & highBits != 0
    }

    private static var ones: UInt64 { 0x0101_0101_0101_0101 }
    private static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// Sets the high bit of each byte that needs an escape, and perhaps of those above it. Where bit 1 is turned over, a quote (0x22) becomes 0x20,
    /// and the bytes below 0x20 trade places: then all of these are below 0x21.
    @inline(__always)
    private static func signs(_ word: UInt64) -> UInt64 {
        let turned = word ^ (ones &* 0x02)
        let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        return (turned &- ones &* 0x21) & ~turned | (backslashes &- ones) & ~backslashes
    }

    @inline(__always)
    private static func signs(_ words: SIMD2<UInt64>) -> SIMD2<UInt64> {
        let turned = words ^ SIMD2(repeating: ones &* 0x02)
        let backslashes = words ^ SIMD2(repeating: ones &* UInt64(UInt8(ascii: "\\")))
        return (turned &- SIMD2(repeating: ones &* 0x21)) & ~turned | (backslashes &- SIMD2(repeating: ones)) & ~backslashes
    }

    @inline(never)
    private static func appendEscape(of byte: UInt8, to output: inout OutputRawSpan) {
        switch byte {
        case UInt8(ascii: "\""): output.append(#"\""#)
        case UInt8(ascii: "\\"): output.append(#"\\"#)
        case 0x08: output.append(#"\b"#)
        case 0x09: output.append(#"\t"#)
        case 0x0A: output.append(#"\n"#)
        case 0x0C: output.append(#"\f"#)
        case 0x0D: output.append(#"\r"#)
        default:
            output.append(#"\u00"#)
            output.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
            let digit = byte & 0x0F
            output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
        }
    }
}
