/// Why a session failed.
public enum AgentSessionError: Error, Equatable, Sendable {
    case yamux(YamuxError)
    /// On the yamux stream `stream`.
    case drpc(DRPCError, stream: UInt32)
}

extension AgentSessionError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .yamux(let error): error.description
        case .drpc(let error, let stream): "\(error) (on yamux stream \(stream))"
        }
    }
}
