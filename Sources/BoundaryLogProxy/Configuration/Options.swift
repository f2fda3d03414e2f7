import Logging
import Pipeline

/// The option table: the one place where an option is named, bounded and described. A row that ends in `.live` is applied by a reload.
public enum Options {
    /// In the order in which they are shown.
    public static let all: [OptionDescriptor] = socket + destination + http + coder + forwarding + spool + operation

    public static func named(_ name: String) -> OptionDescriptor? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    private static let socket: [OptionDescriptor] = [
        .required(
            "socket", "PATH", \.socketPath, .socketPath, .socket,
            defaultText: "$CODER_AGENT_BOUNDARY_LOG_PROXY_SOCKET_PATH, else $TMPDIR/boundary-audit.sock, else /tmp/boundary-audit.sock",
            help: "The Unix socket that boundary writes to. A stale socket there is replaced; anything else is left alone and is an error.",
            parse: OptionDescriptor.parseSocketPath, format: { $0 ?? "" }),
        .required(
            "socket-mode", "MODE", \.socketMode, .fileMode, .socket,
            help: "Permission bits of the socket. Who may write to it may write audit logs: 0600 this user, 0660 also --socket-group, 0666 everybody.",
            parse: OptionDescriptor.parseFileMode, format: OptionDescriptor.formatFileMode).live,
        .optional(
            "socket-group", "GROUP", \.socketGroup, .group, .socket, defaultText: "the daemon's own group",
            help: "The group that the socket belongs to; of use with a --socket-mode such as 0660.",
            parse: OptionDescriptor.parseGroup, format: { $0 }).live,
        .count(
            "connections-max", \.connectionsMax, 1...1_000_000, .socket,
            help: "The most clients at once. One more is accepted, closed at once, counted and logged.").live,
        .duration(
            "connection-idle-timeout", \.connectionIdleTimeout, .zero ... .seconds(604_800), .socket,
            help: "Closes a client's connection when nothing came on it for so long; 0 for never.").live,
    ]

    private static let destination: [OptionDescriptor] = [
        .enumeration(
            "reporter", "KIND", \.reporter, .destination,
            defaultText: "http when --http-url is given, else coder when --coder-url is, or CODER_AGENT_URL and a token are in the environment, else file",
            help: "Where audit logs go: to a file as JSON lines, to an HTTP server, or to coderd's agent API. discard throws them away and counts them as delivered: for measuring."),
        .path(
            "file-path", \.filePath, .destination,
            help: "The file that audit logs are appended to, opened anew on SIGHUP; - for standard output.").live,
    ]

    private static let http: [OptionDescriptor] = [
        .optional(
            "http-url", "URL", \.http.url, .url, .http, help: "The address that audit logs are sent to by POST.", mask: HTTPURL.mask,
            parse: { (text) throws(ValueProblem) in try HTTPURL(parsing: text) }, format: \.text).live,
        .enumeration(
            "http-format", "FORMAT", \.http.format, .http,
            help: "The body of a request: one ReportBoundaryLogsRequest as protobuf, or one JSON object a line."),
        .headers(
            "http-header", \.http.headers, .http,
            help: """
                A header for every request; may be given more than once, in the environment one a line. On the command line it can be \
                read by every user of this machine: put secrets into the environment, a file, or --http-token-file.
                """).live,
        .optional(
            "http-token-file", "PATH", \.http.tokenFile, .path, .http, defaultText: "$CREDENTIALS_DIRECTORY/http-token if it is there",
            help: "A file that holds a token, sent as Authorization: Bearer. Read anew when the server refuses it, and on SIGHUP.",
            parse: OptionDescriptor.parsePath, format: { $0 }).live,
        .enumeration("http-compression", "METHOD", \.http.compression, .http, help: "Compresses the bodies of requests (Content-Encoding).").live,
        .path(
            "http-ca-file", \.http.caFile, .http,
            help: "Certificates (PEM) that a server's certificate is checked against, instead of the system's. The check cannot be turned off.").live,
        .path("http-client-cert", \.http.clientCertificate, .http, help: "The certificate (PEM) that the proxy shows to the server; needs --http-client-key.").live,
        .path("http-client-key", \.http.clientKey, .http, help: "The private key (PEM) of --http-client-cert.").live,
        .duration(
            "http-timeout", \.http.timeout, .milliseconds(100) ... .seconds(3600), .http,
            help: "The longest that one request may take, from connecting to the end of the answer. A late one is tried again.").live,
    ]

    private static let coder: [OptionDescriptor] = [
        .optional(
            "coder-url", "URL", \.coder.url, .url, .coder, defaultText: "$CODER_AGENT_URL", help: "The address of coderd.", mask: HTTPURL.mask,
            parse: OptionDescriptor.parseCoderURL, format: \.text).live,
        .optional(
            "coder-token-file", "PATH", \.coder.tokenFile, .path, .coder, defaultText: "$CODER_AGENT_TOKEN_FILE, else $CREDENTIALS_DIRECTORY/coder-token if it is there",
            help: """
                A file that holds the agent token. Read anew when coderd refuses it, and on SIGHUP. Without a file the token is that of the \
                environment variable CODER_AGENT_TOKEN.
                """,
            parse: OptionDescriptor.parsePath, format: { $0 }).live,
        .headers(
            "coder-header", \.coder.headers, .coder,
            help: """
                A header for the request that opens a session, for proxies in front of coderd; may be given more than once, in the environment \
                one a line. On the command line it can be read by every user of this machine.
                """).live,
        .path(
            "coder-ca-file", \.coder.caFile, .coder,
            help: "Certificates (PEM) that coderd's certificate is checked against, instead of the system's. The check cannot be turned off.").live,
        .path("coder-client-cert", \.coder.clientCertificate, .coder, help: "The certificate (PEM) that the proxy shows; needs --coder-client-key.").live,
        .path("coder-client-key", \.coder.clientKey, .coder, help: "The private key (PEM) of --coder-client-cert.").live,
        .duration(
            "call-timeout", \.coder.callTimeout, .milliseconds(100) ... .seconds(3600), .coder,
            help: "The longest that coderd, or the callback of an embedding program, may take to answer. A late answer is given up and the call tried again.").live,
    ]

    private static let forwarding: [OptionDescriptor] = [
        .duration(
            "flush-interval", \.flushInterval, .zero ... .seconds(3600), .forwarding,
            help: "The least time between two flushes: after a quiet time the first batch goes at once. 0: as soon as the last delivery ended.").live,
        .size(
            "request-bytes-max", \.requestBytesMax, (64 << 10)...(64 << 20), .forwarding,
            help: "The largest request, before compression. At most half of --buffer-bytes; coderd takes less than 4 MiB whatever is set.").live,
        .count("in-flight-max", \.inFlightMax, 1...64, .forwarding, help: "The most deliveries under way at once. Those of one session never are.").live,
        .size(
            "buffer-bytes", \.bufferBytes, (1 << 20)...(64 << 30), .forwarding,
            help: "The most memory for batches that wait or are under way. Taken when needed, given back when empty.").live,
        .enumeration(
            "overflow", "POLICY", \.overflow, .forwarding,
            help: "What happens when that memory is full: the newest or the oldest batches are dropped and counted, or clients have to wait.").live,
    ]

    private static let spool: [OptionDescriptor] = [
        .enumeration(
            "durability", "MODE", \.durability, .spool,
            help: """
                What keeps logs that are not delivered yet over a restart or a crash. memory: nothing. spill: the spool takes what has waited for \
                --spool-after, what memory has no room for, and what is left when the daemon stops; while the destination is well, the disk is not \
                touched. sync: every batch is synced to the disk before it is sent.
                """),
        .required(
            "spool-dir", "PATH", \.spoolDirectory, .path, .spool, defaultText: SpoolDirectoryDefault.text,
            help: "The directory of the spool, made with rights 0700 if it is not there. Of one daemon alone.",
            parse: OptionDescriptor.parsePath, format: { $0 }),
        .size(
            "spool-bytes-max", \.spoolBytesMax, (1 << 20)...(1 << 40), .spool,
            help: "The most that the spool holds. When it is full, --overflow says what happens.").live,
        .duration(
            "spool-after", \.spoolAfter, .zero ... .seconds(3600), .spool,
            help: "How long a batch waits in memory before it goes to the spool; the most that a crash can cost with --durability spill.").live,
        .duration(
            "give-up-after", \.giveUpAfter, .zero ... .seconds(31_536_000), .spool,
            help: "Drops logs that could not be delivered for so long, counted as forward_failed; 0 for never.").live,
    ]

    private static let operation: [OptionDescriptor] = [
        .optional(
            "metrics-listen", "HOST:PORT", \.metricsListen, .listenAddress, .operation, defaultText: "off",
            help: "Serves /metrics, /healthz, /readyz and /status over HTTP here.",
            parse: { (text) throws(ValueProblem) in try ListenAddress(parsing: text) }, format: \.description),
        .duration(
            "drain-timeout", \.drainTimeout, .zero ... .seconds(3600), .operation,
            help: "How long a shutdown may read what clients have sent and deliver what waits.").live,
        .enumeration("log-level", "LEVEL", \.logLevel, .operation, help: "The least severe of the daemon's own messages that are written, to standard error.").live,
        .enumeration("log-format", "FORMAT", \.logFormat, .operation, help: """
                How the daemon's own messages are written: lines for people, one JSON object a line, or lines for systemd's journal, with a priority in \
                front and no time. auto: journal where standard error is the journal, else text.
                """).live,
    ]
}
