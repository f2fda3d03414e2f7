import BoundaryLogProxy
import Wire

/// What sequence numbers tell of losses: a line in all, and a line for each session that was active lately.
struct SequenceTable {
    private let sequences: JSONValue
    private static let rangesMax = 6
    private static let processScalarsMax = 16

    init(_ sequences: JSONValue) { self.sequences = sequences }

    /// Empty when the daemon does not tell.
    var lines: [String] {
        guard sequences["sessions"].integer != nil else { return [] }
        var lines = ["", summary]
        let sessions = sequences["recent"].elements
        guard !sessions.isEmpty else { return lines }
        lines += ["", row("session", "process", "logs", "last", "missing")]
        lines += sessions.map(session)
        if let more = sequences["more"].integer, more > 0 { lines.append("and \(StatusScreen.grouped(more)) more that were silent longer") }
        return lines
    }

    private var summary: String {
        var text = "\(count(sequences["missing"])) missing"
        if let final = sequences["missing_final"].integer, final != 0 { text += " and \(StatusScreen.grouped(final)) given up" }
        text += ", \(count(sequences["duplicated"])) duplicated, \(count(sequences["out_of_order"])) out of order"
        text += ", of \(count(sequences["sessions"])) sessions"
        if let evicted = sequences["sessions_evicted"].integer, evicted != 0 { text += " (\(StatusScreen.grouped(evicted)) more forgotten)" }
        return StatusScreen.padded("sequence numbers", 17) + text
    }

    private func session(_ session: JSONValue) -> String {
        let ranges = session["missing_ranges"].elements
        var missing = count(session["missing"])
        if !ranges.isEmpty {
            missing += ": " + ranges.prefix(Self.rangesMax).map(range).joined(separator: ", ")
            if ranges.count > Self.rangesMax { missing += " and \(ranges.count - Self.rangesMax) more" }
        }
        return row(
            string(session["session"], 64), string(session["process"], Self.processScalarsMax), count(session["logs"]),
            session["last"].integer.map(String.init) ?? "?", missing)
    }

    private func range(_ range: JSONValue) -> String {
        guard let first = range["first"].integer, let last = range["last"].integer else { return "?" }
        return first == last ? "\(first)" : "\(first)..\(last)"
    }

    private func row(_ session: String, _ process: String, _ logs: String, _ last: String, _ missing: String) -> String {
        StatusScreen.padded(session, 38) + StatusScreen.padded(process, 18) + StatusScreen.padded(logs, -12) + StatusScreen.padded(last, -13)
            + "  " + missing
    }

    private func string(_ value: JSONValue, _ scalarsMax: Int) -> String {
        value.text.map { $0.isEmpty ? "-" : Printable.text($0, scalarsMax: scalarsMax) } ?? "?"
    }

    private func count(_ value: JSONValue) -> String { value.integer.map(StatusScreen.grouped) ?? "?" }
}
