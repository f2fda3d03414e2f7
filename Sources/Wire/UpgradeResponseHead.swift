/// Status and the fields that matter of an HTTP/1 answer. Strict: lines end with CR LF, nothing is folded, names are tokens, values hold no
/// control characters (RFC 9112, sections 4 and 5).
struct UpgradeResponseHead {
    let status: Int
    /// By lower-case name; a field that comes more than once is a list (RFC 9110, section 5.3).
    private var fields: [String: [UInt8]] = [:]

    private static let known: Set<String> = [
        "upgrade", "connection", "sec-websocket-accept", "sec-websocket-extensions", "sec-websocket-protocol", "retry-after", "location",
        "content-length", "transfer-encoding",
    ]

    /// `bytes` ends with an empty line.
    init(_ bytes: [UInt8]) throws(UpgradeError) {
        var rest = bytes[...]
        status = try Self.status(try Self.takeLine(&rest))
        while true {
            let line = try Self.takeLine(&rest)
            if line.isEmpty { break }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex, line[..<colon].allSatisfy(Self.isToken)
            else {
                throw .malformedField
            }
            let value = Self.trimmed(line[(colon + 1)...])
            guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { throw .malformedField }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            guard Self.known.contains(name) else { continue }
            fields[name] = if let earlier = fields[name] { earlier + Array(", ".utf8) + value } else { Array(value) }
        }
    }

    func text(_ name: String) -> String? {
        fields[name].map { String(decoding: $0, as: UTF8.self) }
    }

    /// nil: not said, or not to be understood; then the body ends with the connection.
    var contentLength: Int? {
        guard let digits = fields["content-length"], !digits.isEmpty, digits.count <= 18, digits.allSatisfy(Self.isDigit) else {
            return nil
        }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    var isChunked: Bool { tokens("transfer-encoding").last == "chunked" }

    func checkAcceptance(_ expectedAccept: [UInt8]) throws(UpgradeError) {
        guard text("upgrade")?.lowercased() == "websocket" else { throw .upgrade }
        guard tokens("connection").contains("upgrade") else { throw .connection }
        guard fields["sec-websocket-accept"] == expectedAccept else { throw .accept }
        guard fields["sec-websocket-extensions", default: []].isEmpty, fields["sec-websocket-protocol"] == nil else { throw .unasked }
    }

    /// A field's list, in lower case.
    private func tokens(_ name: String) -> [String] {
        fields[name, default: []].split(separator: UInt8(ascii: ",")).map {
            String(decoding: Self.trimmed($0), as: UTF8.self).lowercased()
        }
    }

    // MARK: Syntax

    /// `HTTP/1.1 101 Switching Protocols`; the reason may be missing, with the space before it.
    private static func status(_ line: ArraySlice<UInt8>) throws(UpgradeError) -> Int {
        let line = Array(line)
        guard line.count >= 12, line.starts(with: "HTTP/1.".utf8), line[7] == UInt8(ascii: "1") || line[7] == UInt8(ascii: "0"),
            line[8] == UInt8(ascii: " "), line[9..<12].allSatisfy(isDigit), line.count == 12 || line[12] == UInt8(ascii: " ")
        else { throw .notHTTP }
        let status = line[9..<12].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        // 1.0 knows neither interim answers nor upgrades.
        guard status >= 100, status >= 200 || line[7] == UInt8(ascii: "1") else { throw .notHTTP }
        return status
    }

    private static func takeLine(_ rest: inout ArraySlice<UInt8>) throws(UpgradeError) -> ArraySlice<UInt8> {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")), end > rest.startIndex, rest[end - 1] == UInt8(ascii: "\r") else {
            throw .malformedField
        }
        defer { rest = rest[(end + 1)...] }
        return rest[..<(end - 1)]
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        guard let first = text.firstIndex(where: { !isSpace($0) }), let last = text.lastIndex(where: { !isSpace($0) }) else { return [] }
        return text[first...last]
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// RFC 9110, section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: isDigit(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
