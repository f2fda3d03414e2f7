/// Where a WebSocket is, and how to ask for it.
struct WebSocketConfiguration: Sendable, Equatable {
    /// Head of the upgrade request; no server takes more.
    static let requestBytesMax = 32 << 10

    /// `http` or `https`; user info in it becomes basic authentication.
    var url: String
    /// Sent with the upgrade request only; their values are secrets.
    var headers: [HTTPReporterConfiguration.Header] = []
    var tls = TLSOptions()
    /// Connects to this Unix socket instead of the URL's host, without a proxy.
    var unixSocketPath: String?
    var userAgent = "boundary-log-proxy"
    /// For name, TCP, proxy and TLS together; 1 ms to 24 h, as those below.
    var connectTimeout = Duration.seconds(30)
    /// From the connection to the complete answer.
    var upgradeTimeout = Duration.seconds(30)
    /// From a close, by whomever, to the end.
    var closeTimeout = Duration.seconds(5)

    /// Throws what is wrong, without connecting to anything. Files are opened for reading.
    func validate() throws(ReportingError) {
        let url = try ReportURL(self.url)
        for header in headers { try header.validate(reserved: Self.reserved) }
        try HTTPReporterConfiguration.Header.validate(userAgent: userAgent)
        try tls.validate(for: url)
        // libcurl's parser lets other bytes pass.
        guard (url.authority + url.target).utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .url(url.shown, reason: "it holds characters that are not ASCII")
        }
        for timeout in [connectTimeout, upgradeTimeout, closeTimeout] {
            guard timeout >= .milliseconds(1), timeout <= .seconds(86_400) else {
                throw .unsupported("a timeout of \(timeout)", reason: "allowed are 1 ms to 24 h")
            }
        }
        guard request(url, key: String(repeating: "k", count: 24)).count <= Self.requestBytesMax else {
            throw .unsupported("the upgrade request", reason: "its URL and headers are longer than \(Self.requestBytesMax) bytes")
        }
    }

    /// RFC 6455, section 4.1.
    func request(_ url: ReportURL, key: String) -> [UInt8] {
        var lines = [
            "GET \(url.target) HTTP/1.1",
            "Host: \(url.authority)",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: \(key)",
            "Sec-WebSocket-Version: 13",
        ]
        if !userAgent.isEmpty { lines.append("User-Agent: \(userAgent)") }
        if let credentials = url.basicCredentials { lines.append("Authorization: Basic \(credentials)") }
        for header in headers { lines.append("\(header.name): \(header.value)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// Lower case.
    private static let reserved: Set<String> = [
        "connection", "content-length", "host", "sec-websocket-extensions", "sec-websocket-key", "sec-websocket-protocol",
        "sec-websocket-version", "transfer-encoding", "upgrade", "user-agent",
    ]
}
