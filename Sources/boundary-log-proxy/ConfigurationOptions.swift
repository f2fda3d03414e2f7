import ArgumentParser
import BoundaryLogProxy

/// Every option of the table, for the subcommands that take them all. One group for each of the table's sections; help and defaults come from
/// the table, and a test holds the two equal.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A YAML file with options by their names. The command line wins over the environment, and that over the file. (environment: \(ConfigurationBuilder.configurationFileVariable))",
            valueName: "PATH"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @OptionGroup(title: OptionSection.socket.rawValue) var socket: SocketOptions
    @OptionGroup(title: OptionSection.destination.rawValue) var destination: DestinationOptions
    @OptionGroup(title: OptionSection.http.rawValue) var http: HTTPOptions
    @OptionGroup(title: OptionSection.coder.rawValue) var coder: CoderOptions
    @OptionGroup(title: OptionSection.otlp.rawValue) var otlp: OTLPOptions
    @OptionGroup(title: OptionSection.forwarding.rawValue) var forwarding: ForwardingOptions
    @OptionGroup(title: OptionSection.spool.rawValue) var spool: SpoolOptions
    @OptionGroup(title: OptionSection.operation.rawValue) var operation: OperationOptions

    /// What was given on the command line, in the order of the table.
    var given: [(name: String, value: String)] {
        socket.given + destination.given + http.given + coder.given + otlp.given + forwarding.given + spool.given + operation.given
    }
}

struct SocketOptions: ParsableArguments {
    @Option(table: "socket") var socket: String?
    @Option(table: "socket-mode") var socketMode: String?
    @Option(table: "socket-group") var socketGroup: String?
    @Option(table: "allow-uid") var allowUid: [String] = []
    @Option(table: "allow-gid") var allowGid: [String] = []
    @Option(table: "connections-max") var connectionsMax: String?
    @Option(table: "connection-idle-timeout") var connectionIdleTimeout: String?
    @Option(table: "frame-timeout") var frameTimeout: String?
    @Option(table: "client-rate-limit") var clientRateLimit: String?

    var given: [(name: String, value: String)] {
        [
            ("socket", socket),
            ("socket-mode", socketMode),
            ("socket-group", socketGroup),
            ("connections-max", connectionsMax),
            ("connection-idle-timeout", connectionIdleTimeout),
            ("frame-timeout", frameTimeout),
            ("client-rate-limit", clientRateLimit),
        ].flattened + allowUid.map { ("allow-uid", $0) } + allowGid.map { ("allow-gid", $0) }
    }
}

struct DestinationOptions: ParsableArguments {
    @Option(table: "reporter") var reporter: String?
    @Option(table: "file-path") var filePath: String?
    @Option(table: "redact-url") var redactUrl: String?

    var given: [(name: String, value: String)] {
        [
            ("reporter", reporter),
            ("file-path", filePath),
            ("redact-url", redactUrl),
        ].flattened
    }
}

struct HTTPOptions: ParsableArguments {
    @Option(table: "http-url") var httpUrl: String?
    @Option(table: "http-format") var httpFormat: String?
    @Option(table: "http-header") var httpHeader: [String] = []
    @Option(table: "http-token-file") var httpTokenFile: String?
    @Option(table: "http-compression") var httpCompression: String?
    @Option(table: "http-ca-file") var httpCaFile: String?
    @Option(table: "http-client-cert") var httpClientCert: String?
    @Option(table: "http-client-key") var httpClientKey: String?
    @Option(table: "http-timeout") var httpTimeout: String?

    var given: [(name: String, value: String)] {
        [
            ("http-url", httpUrl),
            ("http-format", httpFormat),
            ("http-token-file", httpTokenFile),
            ("http-compression", httpCompression),
            ("http-ca-file", httpCaFile),
            ("http-client-cert", httpClientCert),
            ("http-client-key", httpClientKey),
            ("http-timeout", httpTimeout),
        ].flattened + httpHeader.map { ("http-header", $0) }
    }
}

struct CoderOptions: ParsableArguments {
    @Option(table: "coder-url") var coderUrl: String?
    @Option(table: "coder-token-file") var coderTokenFile: String?
    @Option(table: "coder-header") var coderHeader: [String] = []
    @Option(table: "coder-ca-file") var coderCaFile: String?
    @Option(table: "coder-client-cert") var coderClientCert: String?
    @Option(table: "coder-client-key") var coderClientKey: String?
    @Option(table: "call-timeout") var callTimeout: String?

    var given: [(name: String, value: String)] {
        [
            ("coder-url", coderUrl),
            ("coder-token-file", coderTokenFile),
            ("coder-ca-file", coderCaFile),
            ("coder-client-cert", coderClientCert),
            ("coder-client-key", coderClientKey),
            ("call-timeout", callTimeout),
        ].flattened + coderHeader.map { ("coder-header", $0) }
    }
}

struct OTLPOptions: ParsableArguments {
    @Option(table: "otlp-endpoint") var otlpEndpoint: String?
    @Option(table: "otlp-logs-endpoint") var otlpLogsEndpoint: String?
    @Option(table: "otlp-protocol") var otlpProtocol: String?
    @Option(table: "otlp-header") var otlpHeader: [String] = []
    @Option(table: "otlp-token-file") var otlpTokenFile: String?
    @Option(table: "otlp-compression") var otlpCompression: String?
    @Option(table: "otlp-ca-file") var otlpCaFile: String?
    @Option(table: "otlp-client-cert") var otlpClientCert: String?
    @Option(table: "otlp-client-key") var otlpClientKey: String?
    @Option(table: "otlp-timeout") var otlpTimeout: String?
    @Option(table: "otlp-filter") var otlpFilter: String?
    @Option(table: "otlp-resource-attribute") var otlpResourceAttribute: [String] = []

    var given: [(name: String, value: String)] {
        [
            ("otlp-endpoint", otlpEndpoint),
            ("otlp-logs-endpoint", otlpLogsEndpoint),
            ("otlp-protocol", otlpProtocol),
            ("otlp-token-file", otlpTokenFile),
            ("otlp-compression", otlpCompression),
            ("otlp-ca-file", otlpCaFile),
            ("otlp-client-cert", otlpClientCert),
            ("otlp-client-key", otlpClientKey),
            ("otlp-timeout", otlpTimeout),
            ("otlp-filter", otlpFilter),
        ].flattened + otlpHeader.map { ("otlp-header", $0) } + otlpResourceAttribute.map { ("otlp-resource-attribute", $0) }
    }
}

struct ForwardingOptions: ParsableArguments {
    @Option(table: "flush-interval") var flushInterval: String?
    @Option(table: "request-bytes-max") var requestBytesMax: String?
    @Option(table: "in-flight-max") var inFlightMax: String?
    @Option(table: "buffer-bytes") var bufferBytes: String?
    @Option(table: "overflow") var overflow: String?

    var given: [(name: String, value: String)] {
        [
            ("flush-interval", flushInterval),
            ("request-bytes-max", requestBytesMax),
            ("in-flight-max", inFlightMax),
            ("buffer-bytes", bufferBytes),
            ("overflow", overflow),
        ].flattened
    }
}

struct SpoolOptions: ParsableArguments {
    @Option(table: "durability") var durability: String?
    @Option(table: "spool-dir") var spoolDir: String?
    @Option(table: "spool-bytes-max") var spoolBytesMax: String?
    @Option(table: "spool-after") var spoolAfter: String?
    @Option(table: "give-up-after") var giveUpAfter: String?

    var given: [(name: String, value: String)] {
        [
            ("durability", durability),
            ("spool-dir", spoolDir),
            ("spool-bytes-max", spoolBytesMax),
            ("spool-after", spoolAfter),
            ("give-up-after", giveUpAfter),
        ].flattened
    }
}

struct OperationOptions: ParsableArguments {
    @Option(table: "metrics-listen") var metricsListen: String?
    @Option(table: "status-listen") var statusListen: String?
    @Option(table: "drain-timeout") var drainTimeout: String?
    @Option(table: "log-level") var logLevel: String?
    @Option(table: "log-format") var logFormat: String?
    @Option(table: "no-sandbox") var noSandbox: [String] = []

    var given: [(name: String, value: String)] {
        [
            ("metrics-listen", metricsListen),
            ("status-listen", statusListen),
            ("drain-timeout", drainTimeout),
            ("log-level", logLevel),
            ("log-format", logFormat),
        ].flattened + noSandbox.map { ("no-sandbox", $0) }
    }
}
