/// What the flood reads of a daemon's /metrics: the ledger of each of its destinations.
struct DaemonMetrics: Equatable, Sendable {
    private static let prefix = "agent_boundary_log_proxy_"

    /// Figures as `DaemonLedger` has them, by the label `destination`; those of the whole daemon, and all where there is no such label, under "".
    private var figures: [String: [String: Int]] = [:]

    /// Logs that the daemon dropped, by destination (under "" where it has one) and reason; what its clients report is not among them.
    var droppedByDestination: [String: [String: Int]] {
        let names = figures.keys.filter { !$0.isEmpty }
        return Dictionary(uniqueKeysWithValues: (names.isEmpty ? [""] : names).map { name in (name, ledger(of: name).dropped.filter { $0.value > 0 }) })
    }

    /// Logs that wait for some destination, in memory or in the spool, or are in flight.
    var undelivered: Int {
        figures.values.map { DaemonLedger(values: $0) }.reduce(0) { $0 + $1.logsWaiting + $1.logsSpooled }
    }

    func ledger(of destination: String) -> DaemonLedger {
        DaemonLedger(values: (figures[""] ?? [:]).merging(figures[destination] ?? [:]) { $1 })
    }

    /// nil when this is not a whole, good answer of the daemon's.
    init?(answer: [UInt8]) {
        let text = String(decoding: answer, as: UTF8.self)
        guard text.hasPrefix("HTTP/1.1 200") else { return nil }
        var isWhole = false
        for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix(Self.prefix) {
            let words = line.dropFirst(Self.prefix.count).split(separator: " ")
            guard words.count == 2, let value = Double(words[1]) else { continue }
            // name, then a label and its value in turn: `logs_dropped_total{destination="otlp",reason="shutdown"}`.
            let parts = words[0].split(omittingEmptySubsequences: true) { "{}\"=,".contains($0) }.map(String.init)
            guard parts.count % 2 == 1, let name = parts.first else { continue }
            var labels: [String: String] = [:]
            for index in stride(from: 1, to: parts.count, by: 2) { labels[parts[index]] = parts[index + 1] }
            guard let figure = Self.figure(name, reason: labels["reason"]) else { continue }
            figures[labels["destination"] ?? "", default: [:]][figure] = Int(value)
            if name == "logs_in_flight" { isWhole = true }
        }
        guard isWhole else { return nil }
    }

    /// The name of a metric in the final ledger; nil for one that is none of it.
    private static func figure(_ name: String, reason: String?) -> String? {
        switch (name, reason) {
        case ("logs_waiting", _), ("logs_spooled", _), ("logs_in_flight", _): name
        case ("logs_received_total", _): "logs_received"
        case ("batches_received_total", _): "batches_received"
        case ("logs_recovered_total", _): "logs_recovered"
        case ("logs_forwarded_total", _): "logs_delivered"
        case ("logs_dropped_total", "boundary_channel_full"): "client_dropped_channel_full"
        case ("logs_dropped_total", let reason?) where !reason.hasPrefix("boundary_"): "logs_dropped_\(reason)"
        default: nil
        }
    }
}
