/// Why a reporter cannot be made: what is wrong with its configuration. Never holds a secret.
public enum ReportingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// `url` with user info and query masked.
    case url(String, reason: String)
    /// `purpose`: "CA file", "client certificate", "client key", "token file", "log file".
    case file(purpose: String, path: String, reason: String)
    /// The header's name only.
    case header(String, reason: String)
    case unsupported(String, reason: String)
    /// Of the system; `attempt` as the object of "cannot".
    case system(attempt: String, reason: String)
    /// Settings that exclude each other.
    case contradiction(String)

    public var description: String {
        switch self {
        case .url(let url, let reason): "cannot report to \(url): \(reason)"
        case .file(let purpose, let path, let reason): "cannot use \(path) as \(purpose): \(reason)"
        case .header(let name, let reason): "cannot send the header \(name): \(reason)"
        case .unsupported(let what, let reason): "\(what) is not possible: \(reason)"
        case .system(let attempt, let reason): "cannot \(attempt): \(reason)"
        case .contradiction(let text): text
        }
    }
}
