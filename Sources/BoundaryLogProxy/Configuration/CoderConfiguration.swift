/// How coderd's agent API is reached.
public struct CoderConfiguration: Sendable {
    /// Set whenever the reporter is `coder`; without user info or query.
    public var url: HTTPURL?
    /// Holds the agent token; wins over `token`.
    public var tokenFile: String?
    /// The agent token as `CODER_AGENT_TOKEN` has it. It is no option, so that it stands on no command line and in no file of options.
    public var token: String?
    public var headers: [HTTPHeader] = []
    public var caFile: String?
    /// Set if and only if `clientKey` is.
    public var clientCertificate: String?
    public var clientKey: String?
    public var callTimeout = Duration.seconds(30)

    /// The beginnings of the names, in lower case, of headers that opening a session needs for itself.
    static let ownHeaders = ["coder-session-token", "upgrade", "sec-websocket-"]

    public var hasToken: Bool { tokenFile != nil || token != nil }
}
