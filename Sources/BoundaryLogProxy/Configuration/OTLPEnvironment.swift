/// The variables that OpenTelemetry's specification gives to exporters and to resources, as defaults of our options.
///
/// https://opentelemetry.io/docs/specs/otel/protocol/exporter/, https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
enum OTLPEnvironment {
    /// Options with their values, and the variable that they are from. What is not fit for its option is an error there.
    static func defaults(_ environment: [String: String]) -> [(option: String, values: [String], variable: String)] {
        var found: [(option: String, values: [String], variable: String)] = []
        func take(_ option: String, _ names: [String], _ read: (String) -> [String] = { [$0] }) {
            for name in names {
                guard let value = environment[name], !value.isEmpty else { continue }
                return found.append((option, read(value), name))
            }
        }
        /// What is said of logs wins over what is said of all signals.
        func exporter(_ option: String, _ name: String, _ read: (String) -> [String] = { [$0] }) {
            take(option, ["OTEL_EXPORTER_OTLP_LOGS_\(name)", "OTEL_EXPORTER_OTLP_\(name)"], read)
        }
        take("otlp-logs-endpoint", ["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"])
        take("otlp-endpoint", ["OTEL_EXPORTER_OTLP_ENDPOINT"])
        exporter("otlp-protocol", "PROTOCOL")
        exporter("otlp-header", "HEADERS") { pairs($0).map { "\($0.key): \($0.value)" } }
        // Milliseconds.
        exporter("otlp-timeout", "TIMEOUT") { [$0 + ($0.utf8.allSatisfy { (48...57).contains($0) } ? "ms" : "")] }
        exporter("otlp-compression", "COMPRESSION")
        exporter("otlp-ca-file", "CERTIFICATE")
        exporter("otlp-client-cert", "CLIENT_CERTIFICATE")
        exporter("otlp-client-key", "CLIENT_KEY")
        var attributes: [String] = []
        var variable: String?
        if let name = environment["OTEL_SERVICE_NAME"], !name.isEmpty {
            attributes.append("service.name=\(name)")
            variable = "OTEL_SERVICE_NAME"
        }
        if let text = environment["OTEL_RESOURCE_ATTRIBUTES"], !text.isEmpty {
            attributes += pairs(text).filter { variable == nil || $0.key != "service.name" }.map { "\($0.key)=\($0.value)" }
            variable = "OTEL_RESOURCE_ATTRIBUTES"
        }
        if let variable, !attributes.isEmpty { found.append(("otlp-resource-attribute", attributes, variable)) }
        return found
    }

    /// `key=value,key=value`, values percent-encoded, as in W3C Baggage. What is no pair is left as a key without value, for its option to refuse.
    private static func pairs(_ text: String) -> [(key: String, value: String)] {
        text.split(separator: ",").map { member in
            let parts = member.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { trimmed(String($0)) }
            return (decoded(parts[0]), parts.count > 1 ? decoded(parts[1]) : "")
        }
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }

    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
