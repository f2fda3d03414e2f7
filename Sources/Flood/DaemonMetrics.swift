/// What the flood reads of a daemon's /metrics.
struct DaemonMetrics: Equatable, Sendable {
    private static let prefix = "agent_boundary_log_proxy_"

    /// Logs that the daemon dropped, by reason; what its clients report is not among them.
    private(set) var dropped: [String: Int] = [:]
    /// Logs that wait, in memory or in the spool, or are in flight.
    private(set) var undelivered = 0

    /// nil when this is not a whole, good answer of the daemon's.
    init?(answer: [UInt8]) {
        let text = String(decoding: answer, as: UTF8.self)
        guard text.hasPrefix("HTTP/1.1 200") else { return nil }
        var isWhole = false
        for line in text.split(separator: "\n") where line.hasPrefix(Self.prefix) {
            let words = line.dropFirst(Self.prefix.count).split(separator: " ")
            guard words.count == 2, let value = Double(words[1]) else { continue }
            switch words[0] {
            case "logs_waiting", "logs_spooled": undelivered += Int(value)
            case "logs_in_flight":
                undelivered += Int(value)
                isWhole = true
            default:
                let parts = words[0].split(separator: "\"")
                guard parts.count == 3, parts[0] == "logs_dropped_total{reason=", !parts[1].hasPrefix("boundary_"), value > 0 else { continue }
                dropped[String(parts[1])] = Int(value)
            }
        }
        guard isWhole else { return nil }
    }
}
