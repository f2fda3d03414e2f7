/// What an `AgentAPIReporter` is told. Checked by `AgentAPIReporter.init`, which throws `ReportingError`.
public struct AgentAPIReporterConfiguration: Sendable, Equatable {
    /// coderd's address, `http` or `https`, perhaps with a path in front of its own; no user info, no query.
    public var url: String
    /// Holds the agent token, white space around it ignored. Read at the start, before each dial, on `reopen` and after a 401. Wins over `token`.
    public var tokenFile: String?
    public var token: String?
    /// Sent with the request that opens a session, for proxies in between.
    public var headers: [HTTPReporterConfiguration.Header]
    /// PEM. Trusted instead of the system's authorities.
    public var caFile: String?
    /// PEM; the key may be in the certificate's file.
    public var clientCertificateFile: String?
    public var clientKeyFile: String?
    /// From the beginning of a call to its answer.
    public var callTimeout: Duration
    /// Calls at once, 1 to 64.
    public var callsInFlightMax: Int
    /// Before the next dial after a refusal that will not heal by itself soon.
    public var refusalRetryDelay: Duration
    public var userAgent: String

    public init(
        url: String, tokenFile: String? = nil, token: String? = nil, headers: [HTTPReporterConfiguration.Header] = [], caFile: String? = nil,
        clientCertificateFile: String? = nil, clientKeyFile: String? = nil, callTimeout: Duration = .seconds(30), callsInFlightMax: Int = 1,
        refusalRetryDelay: Duration = .seconds(60), userAgent: String = "boundary-log-proxy"
    ) {
        self.url = url
        self.tokenFile = tokenFile
        self.token = token
        self.headers = headers
        self.caFile = caFile
        self.clientCertificateFile = clientCertificateFile
        self.clientKeyFile = clientKeyFile
        self.callTimeout = callTimeout
        self.callsInFlightMax = callsInFlightMax
        self.refusalRetryDelay = refusalRetryDelay
        self.userAgent = userAgent
    }
}
