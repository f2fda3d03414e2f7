import BoundaryLogProxy
import Wire

/// The daemon's `/status` as one screen for people. What an older or newer daemon does not tell is shown as `?` or left out.
struct StatusScreen {
    /// What the place where it is shown can do.
    struct Style {
        /// Bars are drawn with block characters.
        var isUTF8 = false
        /// Lines are cut there; nil: never.
        var columns: Int?
    }

    private let status: JSONValue
    private let style: Style

    init(_ status: JSONValue, _ style: Style = Style()) { (self.status, self.style) = (status, style) }

    var text: String { lines.map { Self.cut($0, style.columns ?? .max) + "\n" }.joined() }

    var lines: [String] {
        var lines = [heading, ""]
        lines.append(row("socket", string(status["socket"]) + (status["socket_passed"].isTrue ? ", passed by the service manager" : "")))
        if let configuration { lines.append(row("configuration", configuration)) }
        let connections = status["connections"]
        lines.append(row("connections", "\(count(connections["now"])) now, \(count(connections["total"])) in all, \(count(connections["refused"])) refused"))
        lines.append(row("frames", frames))
        lines.append("")
        let destinations = status["destinations"].elements
        let areSeveral = destinations.count > 1
        if !areSeveral {
            lines += ledger(of: status["ledger"])
            lines.append("")
        }
        lines.append(row("lost by clients", breakdown(status["client_reported_drops"]) ?? "nothing that they told of"))
        lines.append(row("buffer", bar(status["ring"])))
        if areSeveral {
            for one in destinations {
                lines.append("")
                lines += destination(one) + spool(one["spool"]) + [""] + ledger(of: one["ledger"])
            }
        } else {
            lines += spool(status["spool"])
            lines += destination(status["destination"])
        }
        lines += ClientTable(status["clients"]).lines
        lines += SequenceTable(status["sequences"]).lines
        return lines
    }

    private var heading: String {
        "boundary-log-proxy \(string(status["version"])), \(status["ready"].isTrue ? "ready" : "NOT READY"), started \(string(status["started"]))"
    }

    /// Where what was read last is not what is in effect.
    private var configuration: String? {
        let reloads = status["reloads"]
        if reloads["last_failed"].isTrue { return "the last reload FAILED: what was in effect before still is" }
        let waiting = reloads["waiting_for_restart"].elements.compactMap(\.text)
        return waiting.isEmpty ? nil : "needs a restart for \(waiting.joined(separator: ", "))"
    }

    private var frames: String {
        let frames = status["frames"]
        let bytes = frames["bytes"].integer.map(SizeText.approximate) ?? "?"
        return "\(count(frames["received"])) received (\(bytes)), rejected: \(breakdown(frames["rejected"]) ?? "none")"
    }

    private func ledger(of account: JSONValue) -> [String] {
        let (logs, batches) = (account["logs"], account["batches"])
        var lines = [table("", "logs", "batches")]
        func add(_ title: String, _ logs: JSONValue, _ batches: JSONValue) { lines.append(table(title, count(logs), count(batches))) }
        add("received", logs["received"], batches["received"])
        if logs["recovered"].integer.map({ $0 != 0 }) == true { add("of an earlier run", logs["recovered"], batches["recovered"]) }
        add("delivered", logs["delivered"], batches["delivered"])
        add("waiting", logs["waiting"], batches["waiting"])
        if logs["spooled"].integer != nil { add("in the spool", logs["spooled"], batches["spooled"]) }
        add("in flight", logs["in_flight"], batches["in_flight"])
        for reason in logs["dropped"].members where Self.alwaysShown.contains(reason.name) || reason.value.integer != 0 {
            add("dropped, \(words(reason.name))", reason.value, batches["dropped"][reason.name])
        }
        if let missing = unaccounted(logs), let missingBatches = unaccounted(batches), missing != 0 || missingBatches != 0 {
            lines.append(table("UNACCOUNTED FOR", Self.grouped(missing), Self.grouped(missingBatches)))
        }
        return lines
    }

    /// Reasons that are shown with 0 too; others are rare.
    private static let alwaysShown = ["buffer_full", "forward_failed", "shutdown"]

    /// What the ledger's rule leaves over; 0 in a daemon without a fault. `nil` when a number is missing.
    private func unaccounted(_ side: JSONValue) -> Int? {
        let names = ["received", "delivered", "waiting", "in_flight"]
        var numbers = names.map { side[$0].integer } + side["dropped"].members.map(\.value.integer)
        guard !numbers.contains(nil) else { return nil }
        // An older daemon has no spool.
        numbers.append(side["spooled"].integer ?? 0)
        var left = numbers.removeFirst()!.addingReportingOverflow(side["recovered"].integer ?? 0).partialValue
        // Numbers of a stranger may be anything.
        for number in numbers { left = left.subtractingReportingOverflow(number!).partialValue }
        return left
    }

    /// Nothing for a daemon without one.
    private func spool(_ spool: JSONValue) -> [String] {
        guard spool["bytes"].integer != nil else { return [] }
        var text = bar(spool)
        if let seconds = spool["oldest_seconds"].seconds { text += ", the oldest waits for \(DurationText.format(.seconds(seconds)))" }
        var lines = [row("spool", text)]
        if let seconds = spool["failing_since_seconds"].seconds {
            lines.append(row("SPOOL FAILS", "for \(DurationText.format(.seconds(seconds))): \(string(spool["last_error"]))"))
        }
        return lines
    }

    private func bar(_ queue: JSONValue) -> String {
        guard let bytes = queue["bytes"].integer, let bytesMax = queue["bytes_max"].integer, bytesMax > 0, bytes >= 0 else { return "?" }
        let share = min(1, Double(bytes) / Double(bytesMax))
        let filled = Int((share * 20).rounded())
        let (full, empty) = style.isUTF8 ? ("█", "░") : ("#", ".")
        let bar = String(repeating: full, count: filled) + String(repeating: empty, count: 20 - filled)
        return "[\(bar)] \(Int((share * 100).rounded())) % of \(SizeText.format(bytesMax))"
    }

    private func destination(_ destination: JSONValue) -> [String] {
        var lines = [row("destination", string(destination["reporter"]))]
        if let session = session(destination["session"]) { lines.append(row("session", session)) }
        if let deliveries = breakdown(destination["deliveries"], zeros: true) { lines.append(row("deliveries", deliveries)) }
        if let seconds = destination["seconds_since_last_success"].seconds {
            lines.append(row("last success", "\(DurationText.format(.seconds(seconds))) ago"))
        } else {
            lines.append(row("last success", "none yet"))
        }
        if let seconds = destination["retrying_since_seconds"].seconds {
            lines.append(row("RETRYING", "for \(DurationText.format(.seconds(seconds)))"))
        }
        if let obstacle = destination["obstacle"].text { lines.append(row("OBSTACLE", Printable.text(obstacle))) }
        if let error = destination["last_error"].text { lines.append(row("last error", Printable.text(error))) }
        return lines
    }

    /// `open for 2m, version 2.7; 3 dials, 1 reconnects; calls: 12 ok, 1 timeout`; nil for a destination without one.
    private func session(_ session: JSONValue) -> String? {
        guard let state = session["state"].text else { return nil }
        var text = Printable.text(state)
        if let seconds = session["state_seconds"].seconds { text += " for \(DurationText.format(.seconds(seconds)))" }
        if let seconds = session["next_dial_seconds"].seconds { text += ", dials again in \(DurationText.format(.seconds(seconds)))" }
        if let version = session["version"].text { text += ", version \(Printable.text(version))" }
        text += "; \(count(session["dials"])) dials, \(count(session["reconnects"])) reconnects"
        if let calls = breakdown(session["calls"]) { text += "; calls: \(calls)" }
        return text
    }

    // MARK: Pieces

    private func row(_ title: String, _ text: String) -> String { Self.padded(title, 17) + text }

    private func table(_ title: String, _ first: String, _ second: String) -> String {
        Self.padded(title, 26) + Self.padded(first, -16) + Self.padded(second, -16)
    }

    private func string(_ value: JSONValue) -> String { value.text.map { Printable.text($0) } ?? "?" }
    private func count(_ value: JSONValue) -> String { value.integer.map(Self.grouped) ?? "?" }
    private func words(_ name: String) -> String { Printable.text(String(name.map { $0 == "_" ? " " : $0 }), scalarsMax: 40) }

    /// `3 bad tag, 1 too long`; `nil` when there is nothing but zeros.
    private func breakdown(_ value: JSONValue, zeros: Bool = false) -> String? {
        let parts = value.members.filter { zeros || $0.value.integer != 0 }.map { "\(count($0.value)) \(words($0.name))" }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// `width` < 0: to the right.
    static func padded(_ text: String, _ width: Int) -> String {
        let space = String(repeating: " ", count: max(0, abs(width) - text.count))
        return width < 0 ? space + text : text + space
    }

    /// The first `columns` characters, the last of them a sign that there was more.
    static func cut(_ line: String, _ columns: Int) -> String {
        line.count <= columns ? line : String(line.prefix(max(0, columns - 1))) + ">"
    }

    /// `1,234,567`
    static func grouped(_ number: Int) -> String {
        var result = ""
        let digits = String(number.magnitude)
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.utf8.count - index) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return number < 0 ? "-" + result : result
    }
}

extension JSONValue {
    /// Whole seconds; numbers may have a fraction.
    var seconds: Int? {
        guard case .number(let digits) = self, let value = Double(digits), value >= 0, value < 1e9 else { return nil }
        return Int(value)
    }
}
