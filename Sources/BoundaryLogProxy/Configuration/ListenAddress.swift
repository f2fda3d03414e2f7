/// A host and a port to listen on.
public struct ListenAddress: Sendable, Hashable {
    /// A name or an address; an IPv6 address without brackets.
    public var host: String
    /// 0: any free port.
    public var port: UInt16

    static let allowed = "HOST:PORT, such as 127.0.0.1:9464, localhost:9464 or [::1]:9464, port 0 for any free one"

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    init(parsing text: String) throws(ValueProblem) {
        guard let colon = text.lastIndex(of: ":") else { throw ValueProblem("has no :PORT") }
        var host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(digits) else { throw ValueProblem("has no port from 0 to 65535") }
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
            guard host.contains(":"), host.utf8.allSatisfy(Self.isIPv6Byte) else { throw ValueProblem("has no IPv6 address in its brackets") }
        } else if host.contains(":") {
            throw ValueProblem("has an IPv6 address without brackets")
        }
        if host.isEmpty { throw ValueProblem("has no host (0.0.0.0 and [::] stand for every address of this machine)") }
        if host.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "@") }) {
            throw ValueProblem("has no valid host")
        }
        self.init(host: String(host), port: port)
    }

    private static func isIPv6Byte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
        case UInt8(ascii: ":"), UInt8(ascii: "."): true
        default: false
        }
    }
}

extension ListenAddress: CustomStringConvertible {
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
