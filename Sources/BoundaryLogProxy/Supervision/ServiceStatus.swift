import Pipeline

/// The one line that `systemctl status` shows.
enum ServiceStatus {
    /// Of what the destination does, and of what waits; nothing that changes while all goes well, but the number of clients.
    static func text(_ s: Snapshot, isReady: Bool, isStopping: Bool, _ configuration: Configuration) -> String {
        let (waiting, spooled) = (s.ledger.waiting.logs + s.ledger.inFlight.logs, s.ledger.spooled.logs)
        var parts: [String] = []
        if isStopping {
            parts.append("Draining to \(configuration.reporter.rawValue)")
        } else if !isReady {
            parts.append("Opening the spool")
        } else if let obstacle = s.obstacle {
            parts.append("Not delivering to \(configuration.reporter.rawValue): \(obstacle)")
        } else if s.deliveries.isFailing {
            parts.append("Not delivering to \(configuration.reporter.rawValue): \(s.deliveries.lastError ?? "unknown error")")
        } else {
            parts.append("Delivering to \(configuration.reporter.rawValue)")
        }
        parts.append(waiting == 0 && spooled == 0 ? "no logs wait" : "\(waiting) logs wait in memory, \(spooled) in the spool")
        parts.append("\(s.connections) clients")
        let dropped = s.ledger.dropped.logs
        if dropped > 0 { parts.append("\(dropped) logs dropped") }
        return parts.joined(separator: "; ")
    }
}
