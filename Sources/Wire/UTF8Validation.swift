/// Validity as Go's `utf8.Valid` defines it: no overlong forms, no surrogates, nothing past U+10FFFF.
enum UTF8Validation {
    private static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// Nearly every string of an audit log is ASCII: that is decided here, in one look at all of it, without a branch for what it says.
    @inline(__always)
    static func isValid(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        let (start, end) = (range.lowerBound, range.upperBound)
        let length = end &- start
        var seen: UInt64
        if length >= 16 {
            seen = seenInLong(bytes, from: start, end: end)
        } else if length >= 8 {
            // The last eight bytes, some of them for the second time.
            seen = bytes.word(at: start) | bytes.word(at: end &- 8)
        } else if length == 0 {
            return true
        } else if bytes.byteCount &- start >= 8 {
            // What follows the string in the payload is read with it, and shifted away.
            seen = bytes.word(at: start) &<< UInt64(truncatingIfNeeded: 64 &- length &* 8)
        } else {
            seen = highBits
        }
        return seen & highBits == 0 || isValidMultibyte(bytes, from: start, end: end)
    }

    /// The bits that are set in any of at least 16 bytes: 64 and 16 at a time, the last 16 perhaps for the second time.
    @inline(__always)
    private static func seenInLong(_ bytes: RawSpan, from start: Int, end: Int) -> UInt64 {
        var position = start
        let last = end &- 16
        var seen = bytes.twoWords(at: last)
        while last &- position > 48 {
            seen |= bytes.twoWords(at: position) | bytes.twoWords(at: position &+ 16)
                | bytes.twoWords(at: position &+ 32) | bytes.twoWords(at: position &+ 48)
            position &+= 64
        }
        while position < last {
            seen |= bytes.twoWords(at: position)
            position &+= 16
        }
        return seen[0] | seen[1]
    }

    @inline(never)
    private static func isValidMultibyte(_ bytes: RawSpan, from start: Int, end: Int) -> Bool {
        var position = start
        while position < end {
            let lead = bytes.byte(at: position)
            if lead < 0x80 {
                position &+= 1
                while end &- position >= 8, bytes.word(at: position) & highBits == 0 { position &+= 8 }
                continue
            }
            // The second byte's range is what tells overlong forms, surrogates and values past U+10FFFF.
            let length: Int
            var second: ClosedRange<UInt8> = 0x80...0xBF
            switch lead {
            case 0xC2...0xDF: length = 2
            case 0xE0: (length, second) = (3, 0xA0...0xBF)
            case 0xED: (length, second) = (3, 0x80...0x9F)
            case 0xE1...0xEF: length = 3
            case 0xF0: (length, second) = (4, 0x90...0xBF)
            case 0xF1...0xF3: length = 4
            case 0xF4: (length, second) = (4, 0x80...0x8F)
            default: return false
            }
            guard end &- position >= length, second.contains(bytes.byte(at: position &+ 1)) else { return false }
            if length > 2, bytes.byte(at: position &+ 2) & 0xC0 != 0x80 { return false }
            if length > 3, bytes.byte(at: position &+ 3) & 0xC0 != 0x80 { return false }
            position &+= length
        }
        return true
    }
}
