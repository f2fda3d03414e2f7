/// A header that is added to every request. The value counts as a secret.
public struct HTTPHeader: Sendable, Hashable {
    public let name: String
    public let value: String

    static let allowed = "NAME:VALUE with a name of letters, digits and !#$%&'*+-.^_`|~"

    // The proxy sets these itself, and a second copy would contradict it.
    private static let reserved: Set<String> = [
        "content-type", "content-length", "content-encoding", "transfer-encoding", "idempotency-key", "host", "connection", "expect",
    ]

    init(parsing text: String) throws(ValueProblem) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw ValueProblem("has no colon after the header's name") }
        let name = String(text[..<colon])
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte) else { throw ValueProblem("has no valid header name") }
        if Self.reserved.contains(name.lowercased()) { throw ValueProblem("sets \(name), which the proxy sets itself") }
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var bytes = Array(text.utf8[text.utf8.index(after: colon)...])[...]
        bytes = bytes.drop(while: isBlank)
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        if bytes.contains(where: { ($0 < 0x20 && $0 != 9) || $0 == 0x7F }) { throw ValueProblem("has a control character in the header's value") }
        let value = String(decoding: bytes, as: UTF8.self)
        if value == Printable.mask { throw ValueProblem("is a masked value as check-config prints it, not the header's value") }
        if value.isEmpty { throw ValueProblem("has no value after the colon") }
        self.name = name
        self.value = value
    }

    public var text: String { "\(name): \(value)" }
    public var maskedText: String { "\(name): \(Printable.mask)" }

    /// For error texts, where `text` may not be a header at all.
    static func mask(_ text: String) -> String {
        let name = text.prefix { $0 != ":" }
        guard name.utf8.count < text.utf8.count, name.utf8.allSatisfy(isTokenByte) else { return Printable.mask }
        return "\(name): \(Printable.mask)"
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

extension [HTTPHeader] {
    var haveAuthorization: Bool { contains { $0.name.lowercased() == "authorization" } }
}
