import Histogram

extension FloodResult {
    /// The verdict for people, a figure a line.
    public func text(colour: Bool) -> String {
        var lines: [String] = []
        func paint(_ text: String, _ code: String?) -> String { if let code, colour { "\u{1b}[\(code)m\(text)\u{1b}[0m" } else { text } }
        func line(_ name: String, _ value: String) { lines.append(name + String(repeating: " ", count: 12 - name.count) + value) }

        let totals = evidence.totals
        line("sent", "\(Figures.grouped(totals.logs)) logs in \(Figures.grouped(totals.messages)) messages, \(Figures.grouped(evidence.sessions.count)) sessions, \(Figures.grouped(totals.connections)) connections")
        if totals.badFrameCount > 0 {
            let kinds = BadFrame.allCases.compactMap { kind in totals.badFrames[kind].map { "\(kind.rawValue) \(Figures.grouped($0))" } }
            line("malformed", "\(Figures.grouped(totals.badFrameCount)) frames more: \(kinds.joined(separator: ", "))")
        }
        if let verdict {
            if !others.isEmpty { line("destination", reporters[0].rawValue) }
            for (name, value, code) in deliveryLines(evidence, verdict) { line(name, paint(value, code)) }
        }
        line("rate", "\(Figures.grouped(Int(sentPerSecond))) logs/s sent, \(Figures.fixed(megabytesPerSecond, 1)) MB/s" + (verdict == nil ? "" : "; \(Figures.grouped(Int(deliveredPerSecond))) logs/s delivered"))
        if verdict != nil {
            for (name, value) in latencyLines(evidence) { line(name, value) }
            line("daemon", "\(Figures.fixed(processorSecondsPerMillion, 3)) CPU s per million logs; peak \(Figures.mebibytes(figures.privatePeakBytes)) private (idle \(Figures.mebibytes(figures.privateIdleBytes))), \(Figures.mebibytes(figures.residentPeakBytes)) resident; drained in \(Figures.fixed(drainSeconds, 2)) s" + longestTurn)
        }
        if verdict != nil {
            let sending = figures.writtenBytes - figures.writtenBytesAtStart
            line("disk", "\(Figures.grouped(sending)) bytes written while the clients sent, \(Figures.grouped(figures.writtenBytesAtStart)) before; spool at most \(Figures.mebibytes(figures.spoolPeakBytes))")
        }
        for other in others {
            line("destination", other.reporter.rawValue)
            for (name, value, code) in deliveryLines(other.evidence, other.verdict) { line(name, paint(value, code)) }
            line("rate", "\(Figures.grouped(Int(other.deliveredPerSecond))) logs/s delivered")
            for (name, value) in latencyLines(other.evidence) { line(name, value) }
        }
        if let keptDirectory { line("kept", keptDirectory) }
        if let verdict {
            for failure in verdict.failures { lines.append(paint("FAILED", "1;31") + "      " + failure) }
            for other in others { for failure in other.verdict.failures { lines.append(paint("FAILED", "1;31") + "      \(other.reporter.rawValue): " + failure) } }
            if isGood { lines.append(paint("ok", "1;32") + "          " + (verdict.crash == nil ? "every log is accounted for" : "nothing beyond the promise: by what the clients wrote and the sink saw, since the ledgers of killed processes are lost with them")) }
        } else if !isGood {
            lines.append(paint("FAILED", "1;31") + "      " + (evidence.interruption ?? "the daemon ended \(totals.brokenConnections) connections without a reason"))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What became of the logs at one destination: names, figures, and the colour of those that are not as they should be.
    private func deliveryLines(_ evidence: Evidence, _ verdict: Verdict) -> [(name: String, value: String, colour: String?)] {
        var lines: [(name: String, value: String, colour: String?)] = []
        let requests = "\(Figures.grouped(evidence.record.requests)) \(evidence.record.coder == nil ? "requests" : "calls")"
        lines.append(("delivered", "\(Figures.grouped(verdict.delivered)) logs in \(requests)\(refusals(evidence))", nil))
        let reasons = verdict.dropped.sorted { $0.key < $1.key }.map { "\($0.key) \(Figures.grouped($0.value))" }
        let dropped = reasons.isEmpty ? "0" : "\(Figures.grouped(verdict.droppedSum)) (\(reasons.joined(separator: ", ")))"
        lines.append(("dropped", dropped, verdict.droppedSum == 0 ? nil : "33"))
        if verdict.spooled > 0 { lines.append(("spooled", "\(Figures.grouped(verdict.spooled)) logs wait in the spool", "33")) }
        if let crash = verdict.crash, let crashes = evidence.crashes {
            for (name, value, isBad) in crashLines(crash, crashes, verdict, evidence) { lines.append((name, value, isBad ? "31" : nil)) }
        } else {
            lines.append(("lost", Figures.grouped(verdict.lost), verdict.lost == 0 ? nil : "31"))
            let isExplained = verdict.duplicated == verdict.duplicatedInFlight
            lines.append(("duplicated", duplicates(evidence, verdict), verdict.duplicated == 0 ? nil : isExplained ? "33" : "31"))
        }
        lines.append(
            verdict.outOfOrder == 0 ? ("order", "kept in every session", nil) : ("order", "\(Figures.grouped(verdict.outOfOrder)) logs late", "31"))
        return lines
    }

    private func latencyLines(_ evidence: Evidence) -> [(name: String, value: String)] {
        var lines: [(name: String, value: String)] = []
        let latency = evidence.record.latency
        if latency.totalCount > 0 {
            lines.append(("latency", "p50 \(Figures.microseconds(latency.valueAtPercentile(50))), p99 \(Figures.microseconds(latency.valueAtPercentile(99))), max \(Figures.microseconds(latency.maxRecorded)) from write to arrival"))
        }
        if let catchUp = evidence.record.catchUp { lines.append(("caught up", catchUpText(catchUp))) }
        return lines
    }

    /// E.g. "1,200, all of calls in flight at 20 kills: 31 with 1,850 logs".
    private func duplicates(_ evidence: Evidence, _ verdict: Verdict) -> String {
        let count = Figures.grouped(verdict.duplicated)
        guard let coder = evidence.record.coder, coder.kills > 0 else { return count }
        let share = verdict.duplicated == verdict.duplicatedInFlight ? "all" : "only \(Figures.grouped(verdict.duplicatedInFlight))"
        return "\(count)\(verdict.duplicated == 0 ? ";" : ", \(share) of") calls in flight at \(Figures.grouped(coder.kills)) kills: \(Figures.grouped(coder.callsInFlightAtKills)) with \(Figures.grouped(coder.logsInFlightAtKills)) logs"
    }

    private var longestTurn: String {
        evidence.ledger?.longestTurnMicroseconds.map { "; longest turn of its loop \(Figures.fixed(Double($0) / 1000, 1)) ms" } ?? ""
    }

    private func refusals(_ evidence: Evidence) -> String {
        var refusals: [String] = []
        if let coder = evidence.record.coder {
            refusals.append("\(Figures.grouped(coder.sessions)) sessions")
            if coder.dialsRefused > 0 { refusals.append("\(Figures.grouped(coder.dialsRefused)) dials refused") }
        }
        if evidence.record.refused503 > 0 { refusals.append("\(Figures.grouped(evidence.record.refused503)) answered 503") }
        if evidence.record.refused413 > 0 { refusals.append("\(Figures.grouped(evidence.record.refused413)) answered 413") }
        return refusals.isEmpty ? "" : " (\(refusals.joined(separator: ", ")))"
    }

    /// The last lines that the daemon wrote, for a failure.
    public func messagesTail(lines count: Int) -> String {
        let lines = messages.split(separator: 0x0a)
        return lines.suffix(count).map { "  " + String(decoding: $0, as: UTF8.self) + "\n" }.joined()
    }
}
