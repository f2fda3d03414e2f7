/// Validity as Go's `utf8.Valid` defines it: no overlong forms, no surrogates, nothing past U+10FFFF.
enum UTF8Validation {
    private static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// Nearly every string of an audit log is ASCII: that is decided here, 32 and eight bytes at a time.
    @inline(__always)
    static func isValid(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        var position = range.lowerBound
        let end = range.upperBound
        while end &- position >= 32 {
            let words = bytes.word(at: position) | bytes.word(at: position &+ 8) | bytes.word(at: position &+ 16) | bytes.word(at: position &+ 24)
            if words & highBits != 0 { return isValidMultibyte(bytes, from: position, end: end) }
            position &+= 32
        }
        let length = end &- range.lowerBound
        if length >= 8 {
            while end &- position > 8 {
                if bytes.word(at: position) & highBits != 0 { return isValidMultibyte(bytes, from: position, end: end) }
                position &+= 8
            }
            // The last eight bytes, some of them for the second time.
            return bytes.word(at: end &- 8) & highBits == 0 || isValidMultibyte(bytes, from: position, end: end)
        }
        if length == 0 { return true }
        // What follows the string in the payload is read with it, and masked away.
        if bytes.byteCount &- position >= 8 {
            let mask = (1 as UInt64) &<< UInt64(truncatingIfNeeded: length &* 8) &- 1
            if bytes.word(at: position) & mask & highBits == 0 { return true }
        }
        return isValidMultibyte(bytes, from: position, end: end)
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
