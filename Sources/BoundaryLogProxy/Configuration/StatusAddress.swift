/// Where the status listener is: a Unix socket, or a port of a loopback address, because it shows audit data.
public enum StatusAddress: Sendable, Hashable {
    case unix(String)
    case tcp(ListenAddress)

    static let unixPrefix = "unix:"
    static let allowed = """
        unix:PATH with a path of at most \(OptionKind.socketPathBytesMax) bytes, or HOST:PORT with a loopback address, such as 127.0.0.1:9465, \
        localhost:9465 or [::1]:9465, port 0 for any free one
        """

    init(parsing text: String) throws(ValueProblem) {
        if text.hasPrefix(Self.unixPrefix) {
            guard let path = try OptionDescriptor.parseSocketPath(String(text.dropFirst(Self.unixPrefix.count))) else {
                throw ValueProblem("has no path after unix:")
            }
            self = .unix(path)
            return
        }
        if text.contains("/") { throw ValueProblem("is neither HOST:PORT nor does it begin with unix:") }
        let address = try ListenAddress(parsing: text)
        guard address.isLoopback else {
            throw ValueProblem("is not a loopback address, and audit data is shown here; use unix:PATH or a loopback address, and --metrics-listen for what may be seen from elsewhere")
        }
        self = .tcp(address)
    }
}

extension StatusAddress: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unix(let path): Self.unixPrefix + path
        case .tcp(let address): address.description
        }
    }
}

extension ListenAddress {
    /// Only what is one by its text: names are not looked up.
    var isLoopback: Bool {
        let name = host.lowercased()
        return name == "localhost" || name == "::1" || HTTPURL.isLoopbackIPv4(name)
    }
}
