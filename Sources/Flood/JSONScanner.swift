/// Reads one JSON object of a line, member by member, in place: what the sink does with every line and the flood with the daemon's
/// ledger. Strict enough to notice damage, without building a tree.
struct JSONScanner {
    struct Malformed: Error {}

    enum Kind { case string, number, literal, container }

    struct Member {
        /// The raw bytes between the quotes.
        var key: Range<Int>
        var kind: Kind
        /// For a string the raw bytes between the quotes, else all of the value.
        var value: Range<Int>
        /// Whether the string has escapes, so that its raw bytes are not its text.
        var isEscaped: Bool
    }

    private static let depthMax = 64
    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset: Int
    private let end: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>, range: Range<Int>) {
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    /// Calls `body` for each member of the object, which must fill the range but for white space.
    mutating func members(_ body: (Member) throws(Malformed) -> Void) throws(Malformed) {
        try expect(UInt8(ascii: "{"))
        if try peek() == UInt8(ascii: "}") {
            offset += 1
        } else {
            while true {
                try expect(UInt8(ascii: "\""))
                let (key, _) = try string()
                try expect(UInt8(ascii: ":"))
                let (kind, value, isEscaped) = try value(depth: 0)
                try body(Member(key: key, kind: kind, value: value, isEscaped: isEscaped))
                if try peek() == UInt8(ascii: ",") {
                    offset += 1
                    continue
                }
                try expect(UInt8(ascii: "}"))
                break
            }
        }
        skipSpace()
        if offset != end { throw Malformed() }
    }

    func equals(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<range.count where bytes[range.lowerBound + index] != text.utf8Start[index] { return false }
        return true
    }

    /// A number, or a string that holds nothing but one; whole and at most 18 digits long.
    func integer(_ member: Member) -> Int64? {
        guard member.kind == .number || member.kind == .string else { return nil }
        var index = member.value.lowerBound
        let isNegative = index < member.value.upperBound && bytes[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        guard (1...18).contains(member.value.upperBound - index) else { return nil }
        var result: Int64 = 0
        while index < member.value.upperBound {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            result = result * 10 + Int64(digit)
            index += 1
        }
        return isNegative ? -result : result
    }

    private mutating func value(depth: Int) throws(Malformed) -> (Kind, Range<Int>, Bool) {
        guard depth < Self.depthMax else { throw Malformed() }
        let first = try peek()
        let start = offset
        switch first {
        case UInt8(ascii: "\""):
            offset += 1
            let (range, isEscaped) = try string()
            return (.string, range, isEscaped)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            try container(depth: depth)
            return (.container, start..<offset, false)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            while offset < end, Self.isNumberByte(bytes[offset]) { offset += 1 }
            return (.number, start..<offset, false)
        default:
            while offset < end, bytes[offset] >= UInt8(ascii: "a"), bytes[offset] <= UInt8(ascii: "z") { offset += 1 }
            let range = start..<offset
            guard equals(range, "true") || equals(range, "false") || equals(range, "null") else { throw Malformed() }
            return (.literal, range, false)
        }
    }

    private mutating func container(depth: Int) throws(Malformed) {
        let isObject = bytes[offset] == UInt8(ascii: "{")
        let close = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
        offset += 1
        if try peek() == close {
            offset += 1
            return
        }
        while true {
            if isObject {
                try expect(UInt8(ascii: "\""))
                _ = try string()
                try expect(UInt8(ascii: ":"))
            }
            _ = try value(depth: depth + 1)
            if try peek() == UInt8(ascii: ",") {
                offset += 1
                continue
            }
            return try expect(close)
        }
    }

    /// After the opening quote.
    private mutating func string() throws(Malformed) -> (Range<Int>, Bool) {
        let start = offset
        var isEscaped = false
        while offset < end {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                offset += 1
                return (start..<(offset - 1), isEscaped)
            case UInt8(ascii: "\\"):
                isEscaped = true
                offset += 2
            case 0..<0x20: throw Malformed()
            default: offset += 1
            }
        }
        throw Malformed()
    }

    private static func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): true
        default: false
        }
    }

    private mutating func skipSpace() {
        while offset < end, bytes[offset] == 0x20 || bytes[offset] == 0x0d || bytes[offset] == 0x0a || bytes[offset] == 0x09 { offset += 1 }
    }

    private mutating func peek() throws(Malformed) -> UInt8 {
        skipSpace()
        guard offset < end else { throw Malformed() }
        return bytes[offset]
    }

    private mutating func expect(_ byte: UInt8) throws(Malformed) {
        guard try peek() == byte else { throw Malformed() }
        offset += 1
    }
}
