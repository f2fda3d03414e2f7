/// Where the parts of a URL lie (https://www.rfc-editor.org/rfc/rfc3986#section-3), as far as one can tell of any text. What is not there is empty.
struct URLParts {
    /// Between `//` and the last `@` of the authority, without it.
    private(set) var userInfo = 0..<0
    /// With the brackets of an IPv6 address.
    private(set) var host = 0..<0
    private(set) var path = 0..<0
    /// All behind the first `?`, a fragment too.
    private(set) var query = 0..<0

    init() {}

    /// Of the text at `range` of `bytes`. A text without `scheme://` has a path, when it begins with `/`, and a query.
    init(_ bytes: RawSpan, _ range: Range<Int>) {
        read(bytes, range)
    }

    /// The same, in place.
    mutating func read(_ bytes: RawSpan, _ range: Range<Int>) {
        var position = Self.authorityStart(bytes, range)
        (userInfo, host, path, query) = (position..<position, position..<position, position..<position, position..<position)
        if position > range.lowerBound { readAuthority(bytes, &position, range.upperBound) }
        let pathStart = position
        position = ByteSearch.first(in: bytes, from: position, to: range.upperBound) { $0.hits(UInt8(ascii: "?")) .| $0.hits(UInt8(ascii: "#")) }
        if pathStart < range.upperBound, bytes.byte(at: pathStart) == UInt8(ascii: "/") { path = pathStart..<position }
        while position < range.upperBound {
            let isMark = bytes.byte(at: position) == UInt8(ascii: "?")
            position &+= 1
            if isMark {
                query = position..<range.upperBound
                break
            }
        }
    }

    /// Behind `scheme://`; the beginning where there is none.
    @inline(__always)
    private static func authorityStart(_ bytes: RawSpan, _ range: Range<Int>) -> Int {
        if range.count >= 8 {
            let word = bytes.word(at: range.lowerBound)
            // https://, and http:// with any byte behind it.
            if word == 0x2F2F_3A73_7074_7468 { return range.lowerBound &+ 8 }
            if word & 0x00FF_FFFF_FFFF_FFFF == 0x2F_2F3A_7074_7468 { return range.lowerBound &+ 7 }
        }
        return otherAuthorityStart(bytes, range)
    }

    @inline(never)
    private static func otherAuthorityStart(_ bytes: RawSpan, _ range: Range<Int>) -> Int {
        var position = range.lowerBound
        while position < range.upperBound, case let byte = bytes.byte(at: position), byte != UInt8(ascii: ":") {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                position &+= 1
            default: return range.lowerBound
            }
        }
        guard position > range.lowerBound, range.upperBound &- position >= 3, bytes.byte(at: position &+ 1) == UInt8(ascii: "/"),
            bytes.byte(at: position &+ 2) == UInt8(ascii: "/")
        else { return range.lowerBound }
        return position &+ 3
    }

    @inline(__always)
    private mutating func readAuthority(_ bytes: RawSpan, _ position: inout Int, _ end: Int) {
        // Mostly a host, and no more.
        let stop = ByteSearch.first(in: bytes, from: position, to: end) {
            $0.hits(UInt8(ascii: "/")) .| $0.hits(UInt8(ascii: "?")) .| $0.hits(UInt8(ascii: "#")) .| $0.hits(UInt8(ascii: ":")) .| $0.hits(UInt8(ascii: "@")) .| $0.hits(UInt8(ascii: "["))
        }
        if stop < end, case let byte = bytes.byte(at: stop), byte != UInt8(ascii: "/"), byte != UInt8(ascii: "?"), byte != UInt8(ascii: "#") {
            return readWholeAuthority(bytes, &position, end)
        }
        host = position..<stop
        position = stop
    }

    @inline(never)
    private mutating func readWholeAuthority(_ bytes: RawSpan, _ position: inout Int, _ end: Int) {
        let start = position
        var hostStart = start
        // The first colon behind the host's beginning and its brackets.
        var hostEnd: Int?
        var isInBrackets = false
        reading: while position < end {
            switch bytes.byte(at: position) {
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"): break reading
            case UInt8(ascii: "@"):
                userInfo = start..<position
                hostStart = position &+ 1
                hostEnd = nil
                isInBrackets = false
            case UInt8(ascii: "["): isInBrackets = true
            case UInt8(ascii: "]"): isInBrackets = false
            case UInt8(ascii: ":") where !isInBrackets: hostEnd = hostEnd ?? position
            default: break
            }
            position &+= 1
        }
        host = hostStart..<max(hostStart, hostEnd ?? position)
    }
}
