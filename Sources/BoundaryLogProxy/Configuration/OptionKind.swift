/// What values an option takes. `allowed` says it in words, for errors, `--help` and manuals.
public enum OptionKind: Sendable, Hashable {
    case path
    /// The path of a Unix socket: at most 107 bytes.
    case socketPath
    /// The name of a group, or its number.
    case group
    /// The name of a user, or its number.
    case user
    /// Octal permission bits, 0 to 0777.
    case fileMode
    case enumeration([String])
    /// One or more of these, joined by commas.
    case enumerations([String])
    case duration(ClosedRange<Duration>)
    /// In bytes.
    case size(ClosedRange<Int>)
    case count(ClosedRange<Int>)
    case url
    case header
    /// A key and a value of an OpenTelemetry resource.
    case attribute
    /// Parts of a URL, joined by commas.
    case urlParts([String])
    case listenAddress
    case statusAddress

    public var allowed: String {
        switch self {
        case .path: "a path"
        case .socketPath: "a path of at most \(Self.socketPathBytesMax) bytes"
        case .group: "a group's name or number"
        case .user: "a user's name or number"
        case .fileMode: "octal permission bits from 0 to 0777, such as 0600 or 0660"
        case .enumeration(let values): values.joined(separator: ", ")
        case .enumerations(let values): "\(values.joined(separator: ", ")), or several joined by commas"
        case .duration(let range):
            "\(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound)), \(DurationText.forms)"
        case .size(let range): "\(SizeText.format(range.lowerBound)) to \(SizeText.format(range.upperBound)), \(SizeText.forms)"
        case .count(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .url: HTTPURL.allowed
        case .header: HTTPHeader.allowed
        case .attribute: OTLPAttribute.allowed
        case .urlParts(let names): "\(names.joined(separator: ", ")), or several joined by commas"
        case .listenAddress: ListenAddress.allowed
        case .statusAddress: StatusAddress.allowed
        }
    }

    /// `sockaddr_un` has room for 108 bytes with the NUL.
    static let socketPathBytesMax = 107
}
