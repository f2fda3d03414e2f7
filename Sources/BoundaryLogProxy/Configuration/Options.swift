import Logging
import Pipeline

/// The option table: the one place where an option is named, bounded and described. A row that ends in `.live` is applied by a reload.
public enum Options {
    /// In the order in which they are shown.
    public static let all: [OptionDescriptor] = socket + destination + http + coder + otlp + forwarding + spool + operation

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
        .accounts(
            "allow-uid", "USER", \.allowUsers, .user, .socket,
            help: """
                Listens only to clients of this user; may be given more than once, in the environment one a line. Others are closed at once and \
                counted. With --allow-gid, either suffices. Without both: whoever --socket-mode lets in.
                """).live,
        .accounts(
            "allow-gid", "GROUP", \.allowGroups, .group, .socket,
            help: "As --allow-uid, for clients that have this group as their own or as a supplementary one.").live,
        .count(
            "connections-max", \.connectionsMax, 1...1_000_000, .socket,
            help: "The most clients at once. One more is accepted, closed at once, counted and logged.").live,
        .duration(
            "connection-idle-timeout", \.connectionIdleTimeout, .zero ... .seconds(604_800), .socket,
            help: "Closes a client's connection when nothing came on it for so long; 0 for never.").live,
        .duration(
            "frame-timeout", \.frameTimeout, .zero ... .seconds(3600), .socket,
            help: """
                Closes a client's connection when a frame that was begun is not complete after so long; 0 for never. Times when the proxy itself \
                does not read do not count.
                """).live,
        .size(
            "client-rate-limit", \.clientRateLimit, 0...(1 << 40), .socket,
            help: """
                The most bytes a second that are read from one connection, after a burst of one second's worth (64KiB at least); 0 for no limit. \
                A client that writes more has to wait, nothing is dropped.
                """).live,
    ]

    private static let destination: [OptionDescriptor] = [
        .enumerations(
            "reporter", "KIND", \.reporters, .destination,
            defaultText: "http when --http-url is given, else coder when --coder-url is, or CODER_AGENT_URL and a token are in the environment, else file",
            help: "Where audit logs go: to a file as JSON lines, to an HTTP server, to coderd's agent API, or to an OpenTelemetry collector. With several each log goes to each of them: every destination has its own place in the buffer, its own spool, retries and account, so that one that fails holds up no other. discard throws them away and counts them as delivered: for measuring."),
        .path(
            "file-path", \.filePath, .destination,
            help: "The file that audit logs are appended to, opened anew on SIGHUP; - for standard output.").live,
        .urlParts(
            "redact-url", \.redactURL, .destination,
            help: """
                What is taken out of URLs before they leave, for the destinations file, http and otlp. query: all behind the first ? becomes REDACTED. \
                userinfo: user and password become REDACTED:REDACTED.
                """).live,
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

    private static let otlp: [OptionDescriptor] = [
        .optional(
            "otlp-endpoint", "URL", \.otlp.endpoint, .url, .otlp, defaultText: "$OTEL_EXPORTER_OTLP_ENDPOINT, else \(OTLPConfiguration.defaultEndpoint)",
            help: "The address of an OpenTelemetry collector (OTLP over HTTP); logs go to v1/logs below it.", mask: HTTPURL.mask,
            parse: OptionDescriptor.parseOTLPEndpoint, format: \.text).live,
        .optional(
            "otlp-logs-endpoint", "URL", \.otlp.logsEndpoint, .url, .otlp, defaultText: "$OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, else v1/logs below --otlp-endpoint",
            help: "The address that logs are sent to, as it is.", mask: HTTPURL.mask,
            parse: { (text) throws(ValueProblem) in try HTTPURL(parsing: text) }, format: \.text).live,
        .enumeration(
            "otlp-protocol", "PROTOCOL", \.otlp.format, .otlp, defaultText: "$OTEL_EXPORTER_OTLP_LOGS_PROTOCOL or $OTEL_EXPORTER_OTLP_PROTOCOL, else http/protobuf",
            help: "The body of a request: protobuf or JSON. gRPC is not spoken.").live,
        .headers(
            "otlp-header", \.otlp.headers, .otlp, defaultText: "$OTEL_EXPORTER_OTLP_LOGS_HEADERS or $OTEL_EXPORTER_OTLP_HEADERS",
            help: """
                A header for every request; may be given more than once, in the environment one a line. On the command line it can be \
                read by every user of this machine: put secrets into the environment, a file, or --otlp-token-file.
                """).live,
        .path(
            "otlp-token-file", \.otlp.tokenFile, .otlp,
            help: "A file that holds a token, sent as Authorization: Bearer. Read anew when the collector refuses it.").live,
        .enumeration(
            "otlp-compression", "METHOD", \.otlp.compression, .otlp, defaultText: "$OTEL_EXPORTER_OTLP_LOGS_COMPRESSION or $OTEL_EXPORTER_OTLP_COMPRESSION, else none",
            help: "Compresses the bodies of requests (Content-Encoding).").live,
        .path(
            "otlp-ca-file", \.otlp.caFile, .otlp, defaultText: "$OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE or $OTEL_EXPORTER_OTLP_CERTIFICATE",
            help: "Certificates (PEM) that the collector's certificate is checked against, instead of the system's. The check cannot be turned off.").live,
        .path(
            "otlp-client-cert", \.otlp.clientCertificate, .otlp,
            defaultText: "$OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE or $OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
            help: "The certificate (PEM) that the proxy shows; needs --otlp-client-key.").live,
        .path(
            "otlp-client-key", \.otlp.clientKey, .otlp, defaultText: "$OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY or $OTEL_EXPORTER_OTLP_CLIENT_KEY",
            help: "The private key (PEM) of --otlp-client-cert.").live,
        .duration(
            "otlp-timeout", \.otlp.timeout, .milliseconds(100) ... .seconds(3600), .otlp,
            defaultText: "$OTEL_EXPORTER_OTLP_LOGS_TIMEOUT or $OTEL_EXPORTER_OTLP_TIMEOUT in milliseconds, else 10s",
            help: "The longest that one request may take, from connecting to the end of the answer. A late one is tried again.").live,
        .enumeration(
            "otlp-filter", "LOGS", \.otlp.filter, .otlp,
            help: "Which logs are sent: all, or those of denied requests only. The others are counted as dropped for the reason filtered.").live,
        .attributes(
            "otlp-resource-attribute", \.otlp.resourceAttributes, .otlp, defaultText: "$OTEL_RESOURCE_ATTRIBUTES and $OTEL_SERVICE_NAME",
            help: """
                An attribute of the resource that all records share; may be given more than once, in the environment one a line. Unless given, service.name, \
                service.version, host.name and, in a Coder workspace, coder.workspace.name, .id, .owner.name and .agent.name are added.
                """).live,
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
            help: "Serves /metrics, /healthz and /readyz over HTTP here: figures without audit data, for whoever can reach the address.",
            parse: { (text) throws(ValueProblem) in try ListenAddress(parsing: text) }, format: \.description),
        .optional(
            "status-listen", "ADDRESS", \.statusListen, .statusAddress, .operation, defaultText: "off",
            help: """
                Serves a page to look at, /status and the live stream /events here, which show audit data, and what --metrics-listen serves. On a Unix \
                socket for this user alone (rights 0600); on a port for whoever has the token that is written to the log at each start.
                """,
            parse: { (text) throws(ValueProblem) in try StatusAddress(parsing: text) }, format: \.description),
        .duration(
            "drain-timeout", \.drainTimeout, .zero ... .seconds(3600), .operation,
            help: "How long a shutdown may read what clients have sent and deliver what waits.").live,
        .enumeration("log-level", "LEVEL", \.logLevel, .operation, help: "The least severe of the daemon's own messages that are written, to standard error.").live,
        .enumeration("log-format", "FORMAT", \.logFormat, .operation, help: """
                How the daemon's own messages are written: lines for people, one JSON object a line, or lines for systemd's journal, with a priority in \
                front and no time. auto: journal where standard error is the journal, else text.
                """).live,
        .list(
            "no-sandbox", "PART", \.noSandbox, .enumeration(SandboxPart.allCases.map(\.rawValue)), .operation,
            help: """
                Leaves out a part of what the daemon confines itself with when it has started; may be given more than once. no-new-privs: it cannot gain \
                rights (the other two need that). seccomp: no system calls but those it uses. landlock: it writes to its own directories only.
                """,
            parse: OptionDescriptor.parseSandboxPart, format: \.rawValue),
    ]
}
