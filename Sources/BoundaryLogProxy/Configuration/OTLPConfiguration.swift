import Glibc
import Reporting
import Wire

/// The body of a request by OTLP/HTTP.
public typealias OTLPProtocol = OTLPRequestEncoder.Format

public typealias OTLPFilter = OTLPRequestEncoder.Filter

/// How an OpenTelemetry collector is spoken to.
public struct OTLPConfiguration: Sendable {
    /// The address of the collector as a whole; logs go to `v1/logs` below it.
    public var endpoint: HTTPURL?
    /// The address that logs go to, as it is; wins over `endpoint`.
    public var logsEndpoint: HTTPURL?
    public var format = OTLPProtocol.protobuf
    public var headers: [HTTPHeader] = []
    public var tokenFile: String?
    public var compression = HTTPCompression.none
    public var caFile: String?
    /// Set if and only if `clientKey` is.
    public var clientCertificate: String?
    public var clientKey: String?
    public var timeout = Duration.seconds(10)
    public var filter = OTLPFilter.all
    public var resourceAttributes: [OTLPAttribute] = []

    /// https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp
    static let defaultEndpoint = "http://localhost:4318"

    /// Where logs are posted to.
    var url: String {
        if let logsEndpoint { return logsEndpoint.text }
        let base = endpoint?.text ?? Self.defaultEndpoint
        return base + (base.hasSuffix("/") ? "" : "/") + "v1/logs"
    }

    var usesTLS: Bool { (logsEndpoint ?? endpoint)?.isTLS ?? false }

    /// What all records have in common: what was given, and what was not given but is known of the service, its host and the workspace.
    func resource(environment: [String: String]) -> [(key: String, value: String)] {
        var attributes = resourceAttributes.map { (key: $0.key, value: $0.value) }
        func add(_ key: String, _ value: String?) {
            guard let value, !value.isEmpty, !attributes.contains(where: { $0.key == key }) else { return }
            attributes.append((key, value))
        }
        add("service.name", "boundary-log-proxy")
        add("service.version", Version.text)
        add("host.name", Self.hostName)
        for (key, variable) in Self.workspaceAttributes { add(key, environment[variable]) }
        return attributes
    }

    /// As the Coder agent and Coder's templates name them.
    static let workspaceAttributes = [
        ("coder.workspace.name", "CODER_WORKSPACE_NAME"), ("coder.workspace.id", "CODER_WORKSPACE_ID"),
        ("coder.workspace.owner.name", "CODER_WORKSPACE_OWNER_NAME"), ("coder.workspace.agent.name", "CODER_WORKSPACE_AGENT_NAME"),
    ]

    private static var hostName: String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            gethostname(buffer.baseAddress!, buffer.count - 1) == 0 ? String(cString: buffer.baseAddress!) : nil
        }
    }
}

/// An attribute of the resource that records are about.
public struct OTLPAttribute: Sendable, Hashable {
    public let key: String
    public let value: String

    static let allowed = "KEY=VALUE"

    init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    init(parsing text: String) throws(ValueProblem) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { throw ValueProblem("has no key and = before its value") }
        key = String(text[..<equals])
        value = String(text[text.index(after: equals)...])
    }

    var text: String { "\(key)=\(value)" }
}
