/// JSON string literals of valid UTF-8. Escaped is what RFC 8259 demands and nothing else: `"`, `\` and U+0000…U+001F.
enum JSONString {
    /// Appends `range` of `bytes` as a quoted literal; runs without escapes are copied whole.
    static func append(_ bytes: RawSpan, _ range: Range<Int>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var runStart = range.lowerBound
        var position = runStart
        let end = range.upperBound
        while position < end {
            if end &- position >= 8, !mayNeedEscape(bytes.word(at: position)) {
                position &+= 8
                continue
            }
            let blockEnd = min(position &+ 8, end)
            while position < blockEnd {
                let byte = bytes.byte(at: position)
                if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    output.append(bytes, runStart..<position)
                    appendEscape(of: byte, to: &output)
                    runStart = position &+ 1
                }
                position &+= 1
            }
        }
        output.append(bytes, runStart..<end)
        output.append(UInt8(ascii: "\""))
    }

    /// Bytes of the quoted literal that `append` writes.
    static func byteCount(_ bytes: RawSpan, _ range: Range<Int>) -> Int {
        var count = range.count &+ 2
        var position = range.lowerBound
        let end = range.upperBound
        while position < end {
            if end &- position >= 8, !mayNeedEscape(bytes.word(at: position)) {
                position &+= 8
                continue
            }
            switch bytes.byte(at: position) {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x08, 0x09, 0x0A, 0x0C, 0x0D: count &+= 1
            case ..<0x20: count &+= 5
            default: break
            }
            position &+= 1
        }
        return count
    }

    /// Whether one of eight bytes is below 0x20, a quote or a backslash. May err towards true only.
    @inline(__always)
    private static func mayNeedEscape(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let control = (word &- ones &* 0x20) & ~word
        let found = control | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
        return found & (ones &* 0x80) != 0
    }

    @inline(never)
    private static func appendEscape(of byte: UInt8, to output: inout [UInt8]) {
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
