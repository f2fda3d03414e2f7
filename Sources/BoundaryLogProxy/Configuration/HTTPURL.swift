/// The address of an HTTP destination, checked as far as a configuration can be. User info and the values in the query count as secrets.
public struct HTTPURL: Sendable, Hashable {
    /// The whole address, secrets included; never to be shown.
    public let text: String
    /// Fit to be shown.
    public let maskedText: String
    public let isTLS: Bool
    /// Without the brackets of an IPv6 address.
    public let host: String
    public let hasUserInfo: Bool

    static let allowed = "http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH]"

    init(parsing text: String) throws(ValueProblem) {
        if text.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) {
            throw ValueProblem("has a space, a control character or a letter outside ASCII, which an address holds only as %XX")
        }
        let scheme = text.prefix { $0 != ":" }
        guard ["http", "https"].contains(scheme.lowercased()), text.dropFirst(scheme.count).hasPrefix("://") else {
            throw ValueProblem("does not begin with http:// or https://")
        }
        let afterScheme = text.dropFirst(scheme.count + 3)
        let authority = afterScheme.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let rest = afterScheme[authority.endIndex...]
        if rest.contains("#") { throw ValueProblem("has a fragment, which is never sent to a server") }
        let at = authority.lastIndex(of: "@")
        let hostAndPort = at.map { authority[authority.index(after: $0)...] } ?? authority
        let (host, portText) = try Self.split(hostAndPort)
        if let portText, UInt16(portText).map({ $0 > 0 }) != true || portText.first == "+" { throw ValueProblem("has no valid port after the host") }
        let masked = "\(scheme)://" + (at == nil ? "" : "\(Printable.mask)@") + hostAndPort + Self.maskQuery(rest)
        if text.contains(Printable.mask) { throw ValueProblem("is a masked value as check-config prints it, not the address") }
        self.text = text
        self.maskedText = masked
        self.host = host
        isTLS = scheme.lowercased() == "https"
        hasUserInfo = at != nil
    }

    /// Whether the host is this machine by its name or address, so that what is sent in plain text stays here.
    public var isLoopback: Bool {
        let name = host.lowercased()
        return name == "localhost" || name.hasSuffix(".localhost") || name == "::1" || Self.isLoopbackIPv4(name)
    }

    /// For error texts, where `text` may not be an address at all.
    static func mask(_ text: String) -> String {
        if let url = try? HTTPURL(parsing: text) { return url.maskedText }
        return text.contains("@") || text.contains("?") ? Printable.mask : text
    }

    private static func split(_ hostAndPort: Substring) throws(ValueProblem) -> (host: String, port: Substring?) {
        if hostAndPort.first == "[" {
            guard let end = hostAndPort.firstIndex(of: "]"), end > hostAndPort.index(after: hostAndPort.startIndex) else {
                throw ValueProblem("has no closing bracket after the host")
            }
            let after = hostAndPort[hostAndPort.index(after: end)...]
            if !after.isEmpty, after.first != ":" { throw ValueProblem("has something other than a port after the host") }
            return (String(hostAndPort[hostAndPort.index(after: hostAndPort.startIndex)..<end]), after.isEmpty ? nil : after.dropFirst())
        }
        let host = hostAndPort.prefix { $0 != ":" }
        if host.isEmpty { throw ValueProblem("names no host") }
        guard host.allSatisfy({ $0.isLetter || $0.isNumber || "-._~%".contains($0) }) else { throw ValueProblem("has no valid host") }
        return (String(host), host.endIndex == hostAndPort.endIndex ? nil : hostAndPort[host.endIndex...].dropFirst())
    }

    static func isLoopbackIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func maskQuery(_ rest: Substring) -> String {
        guard let mark = rest.firstIndex(of: "?") else { return String(rest) }
        let parameters = rest[rest.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
        let masked = parameters.map { parameter in
            guard let equals = parameter.firstIndex(of: "=") else { return parameter.isEmpty ? "" : Printable.mask }
            return parameter[...equals] + Printable.mask
        }
        return rest[...mark] + masked.joined(separator: "&")
    }
}
