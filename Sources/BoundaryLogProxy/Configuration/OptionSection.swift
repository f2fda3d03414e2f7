/// The headings under which options are listed.
public enum OptionSection: String, CaseIterable, Sendable {
    case socket = "Socket"
    case destination = "Destination"
    case http = "HTTP destination"
    case coder = "coderd destination"
    case otlp = "OpenTelemetry destination"
    case forwarding = "Buffering and forwarding"
    case spool = "Spool"
    case operation = "Operation"
}
