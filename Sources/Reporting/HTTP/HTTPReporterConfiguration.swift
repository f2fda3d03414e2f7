import Wire

/// What an `HTTPReporter` is told. Checked by `HTTPReporter.init`, which throws `ReportingError`.
public struct HTTPReporterConfiguration: Sendable, Equatable {
    public enum Format: String, Sendable, CaseIterable {
        /// One `ReportBoundaryLogsRequest` of one session per request, `application/x-protobuf`.
        case protobuf
        /// JSON lines, `application/x-ndjson`, sessions mixed.
        case ndjson
    }

    /// What a request's body is.
    public enum Content: Sendable, Equatable {
        case logs(Format)
        /// An OTLP `ExportLogsServiceRequest`, sessions mixed. Then answers mean what that specification says.
        case otlp(OTLPRequestEncoder)
    }

    public enum Compression: String, Sendable, CaseIterable { case none, gzip, zstd }

    public struct Header: Sendable, Equatable {
        public var name: String
        /// Treated as a secret.
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// `http` or `https`; user info in it becomes basic authentication.
    public var url: String
    public var content: Content
    /// For `.logs`; an OTLP encoder has its own.
    public var redaction: URLRedaction
    /// Sent with each request, in this order, besides those that the reporter sets itself.
    public var headers: [Header]
    /// Holds the bearer token, white space around it ignored. Read at the start, on `reopen` and after a 401.
    public var tokenFile: String?
    public var compression: Compression
    /// PEM. Trusted instead of the system's authorities.
    public var caFile: String?
    /// PEM; the key may be in the certificate's file.
    public var clientCertificateFile: String?
    public var clientKeyFile: String?
    /// For one attempt, connecting included; 1 ms to 24 h.
    public var timeout: Duration
    public var userAgent: String

    public init(
        url: String, content: Content = .logs(.protobuf), redaction: URLRedaction = [], headers: [Header] = [], tokenFile: String? = nil, compression: Compression = .none,
        caFile: String? = nil, clientCertificateFile: String? = nil, clientKeyFile: String? = nil,
        timeout: Duration = .seconds(30), userAgent: String = "boundary-log-proxy"
    ) {
        self.url = url
        self.content = content
        self.redaction = redaction
        self.headers = headers
        self.tokenFile = tokenFile
        self.compression = compression
        self.caFile = caFile
        self.clientCertificateFile = clientCertificateFile
        self.clientKeyFile = clientKeyFile
        self.timeout = timeout
        self.userAgent = userAgent
    }
}

extension HTTPReporterConfiguration {
    /// Throws what is wrong, without connecting to anything. Files are opened for reading, the token file is read.
    public func validate() throws(ReportingError) {
        let url = try ReportURL(self.url)
        for header in headers { try header.validate(reserved: Self.reserved) }
        if tokenFile != nil {
            if url.password != nil || url.user != nil {
                throw .contradiction("a token file and user info in the URL both claim the Authorization header: give one of them")
            }
            if headers.contains(where: { $0.name.lowercased() == "authorization" }) {
                throw .contradiction("a token file and the header Authorization exclude each other: give one of them")
            }
        }
        if let tokenFile { _ = try TokenFile.read(tokenFile) }
        try tls.validate(for: url)
        guard timeout >= .milliseconds(1), timeout <= .seconds(86_400) else {
            throw .unsupported("a timeout of \(timeout)", reason: "allowed are 1 ms to 24 h")
        }
        try Header.validate(userAgent: userAgent)
    }

    /// Throws unless `url` can be reported to: http or https, with a host.
    public static func validate(url: String) throws(ReportingError) {
        _ = try ReportURL(url)
    }

    /// `url` fit for logs: user info and query masked. What is no URL is masked whole.
    public static func masked(url: String) -> String {
        (try? ReportURL(url))?.shown ?? ReportURL.hidden
    }

    /// The headers that the reporter sets itself, or that libcurl must.
    private static let reserved: Set<String> = [
        "connection", "content-encoding", "content-length", "content-type", "expect", "idempotency-key", "transfer-encoding",
        "user-agent",
    ]

    var tls: TLSOptions { TLSOptions(caFile: caFile, clientCertificateFile: clientCertificateFile, clientKeyFile: clientKeyFile) }
}
