import BoundaryLogProxy
import Wire

/// A line for each client that is connected, the busiest first.
struct ClientTable {
    private let clients: [JSONValue]
    private static let clientsMax = 10

    init(_ clients: JSONValue) { self.clients = clients.elements }

    /// Empty when the daemon does not tell, or nobody is connected.
    var lines: [String] {
        guard !clients.isEmpty else { return [] }
        let busiest = clients.sorted { ($0["logs"].integer ?? 0) > ($1["logs"].integer ?? 0) }
        var lines = ["", row("client", "process", "uid", "logs", "bytes", "connected", "idle", "")]
        lines += busiest.prefix(Self.clientsMax).map { client in
            row(
                client["pid"].integer.map(String.init) ?? "?",
                client["process"].text.map { $0.isEmpty ? "-" : Printable.text($0, scalarsMax: 20) } ?? "?",
                client["uid"].integer.map(String.init) ?? "?", count(client["logs"]), count(client["bytes"]),
                time(client["connected_seconds"]), time(client["idle_seconds"]), client["reading_paused"].isTrue ? "  READING PAUSED" : "")
        }
        if clients.count > Self.clientsMax { lines.append("and \(StatusScreen.grouped(clients.count - Self.clientsMax)) more clients") }
        return lines
    }

    private func row(
        _ client: String, _ process: String, _ user: String, _ logs: String, _ bytes: String, _ connected: String, _ idle: String, _ state: String
    ) -> String {
        StatusScreen.padded(client, 10) + StatusScreen.padded(process, 22) + StatusScreen.padded(user, -6) + StatusScreen.padded(logs, -14)
            + StatusScreen.padded(bytes, -17) + StatusScreen.padded(connected, -11) + StatusScreen.padded(idle, -9) + state
    }

    private func count(_ value: JSONValue) -> String { value.integer.map(StatusScreen.grouped) ?? "?" }
    private func time(_ value: JSONValue) -> String { value.seconds.map { DurationText.format(.seconds($0)) } ?? "?" }
}
