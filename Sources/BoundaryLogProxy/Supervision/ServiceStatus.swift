import Pipeline

/// The one line that `systemctl status` shows.
enum ServiceStatus {
    /// Of what the destination does, and of what waits; nothing that changes while all goes well, but the number of clients.
    static func text(_ s: Snapshot, isReady: Bool, isStopping: Bool) -> String {
        let (waiting, spooled) = (s.ledger.waiting.logs + s.ledger.inFlight.logs, s.ledger.spooled.logs)
        var parts: [String] = []
        if isStopping {
            parts.append("Draining to \(names(s.destinations))")
        } else if !isReady {
            parts.append("Opening the spool")
        } else {
            for destination in s.destinations {
                if let trouble = destination.trouble { parts.append("Not delivering to \(destination.name): \(trouble)") }
            }
            let working = s.destinations.filter { $0.trouble == nil }
            if !working.isEmpty { parts.append("Delivering to \(names(working))") }
        }
        parts.append(waiting == 0 && spooled == 0 ? "no logs wait" : "\(waiting) logs wait in memory, \(spooled) in the spool")
        parts.append("\(s.connections) clients")
        let dropped = s.ledger.dropped.logs
        if dropped > 0 { parts.append("\(dropped) logs dropped") }
        return parts.joined(separator: "; ")
    }

    private static func names(_ destinations: [DestinationStatus]) -> String { destinations.map(\.name).joined(separator: " and ") }
}
