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
            line("delivered", "\(Figures.grouped(verdict.delivered)) logs in \(Figures.grouped(evidence.record.requests)) \(evidence.record.coder == nil ? "requests" : "calls")\(refusals)")
            let reasons = verdict.dropped.sorted { $0.key < $1.key }.map { "\($0.key) \(Figures.grouped($0.value))" }
            let dropped = reasons.isEmpty ? "0" : "\(Figures.grouped(verdict.droppedSum)) (\(reasons.joined(separator: ", ")))"
            line("dropped", verdict.droppedSum == 0 ? dropped : paint(dropped, "33"))
            if verdict.spooled > 0 { line("spooled", paint("\(Figures.grouped(verdict.spooled)) logs wait in the spool", "33")) }
            if let crash = verdict.crash, let crashes = evidence.crashes {
                for (name, value, isBad) in crashLines(crash, crashes, verdict) { line(name, paint(value, isBad ? "31" : nil)) }
            } else {
                line("lost", verdict.lost == 0 ? "0" : paint(Figures.grouped(verdict.lost), "31"))
                line("duplicated", paint(duplicates(verdict), verdict.duplicated == 0 ? nil : verdict.duplicated == verdict.duplicatedInFlight ? "33" : "31"))
            }
            line("order", verdict.outOfOrder == 0 ? "kept in every session" : paint("\(Figures.grouped(verdict.outOfOrder)) logs late", "31"))
        }
        line("rate", "\(Figures.grouped(Int(sentPerSecond))) logs/s sent, \(Figures.fixed(megabytesPerSecond, 1)) MB/s" + (verdict == nil ? "" : "; \(Figures.grouped(Int(deliveredPerSecond))) logs/s delivered"))
        if verdict != nil {
            let latency = evidence.record.latency
            if latency.totalCount > 0 {
                line("latency", "p50 \(Figures.microseconds(latency.valueAtPercentile(50))), p99 \(Figures.microseconds(latency.valueAtPercentile(99))), max \(Figures.microseconds(latency.maxRecorded)) from write to arrival")
            }
            if let catchUp = evidence.record.catchUp { line("caught up", catchUpText(catchUp)) }
            line("daemon", "\(Figures.fixed(processorSecondsPerMillion, 3)) CPU s per million logs; peak \(Figures.mebibytes(figures.privatePeakBytes)) private (idle \(Figures.mebibytes(figures.privateIdleBytes))), \(Figures.mebibytes(figures.residentPeakBytes)) resident; drained in \(Figures.fixed(drainSeconds, 2)) s" + longestTurn)
        }
        if verdict != nil {
            let sending = figures.writtenBytes - figures.writtenBytesAtStart
            line("disk", "\(Figures.grouped(sending)) bytes written while the clients sent, \(Figures.grouped(figures.writtenBytesAtStart)) before; spool at most \(Figures.mebibytes(figures.spoolPeakBytes))")
        }
        if let keptDirectory { line("kept", keptDirectory) }
        if let verdict {
            for failure in verdict.failures { lines.append(paint("FAILED", "1;31") + "      " + failure) }
            if verdict.isGood { lines.append(paint("ok", "1;32") + "          " + (verdict.crash == nil ? "every log is accounted for" : "nothing beyond the promise: by what the clients wrote and the sink saw, since the ledgers of killed processes are lost with them")) }
        } else if !isGood {
            lines.append(paint("FAILED", "1;31") + "      " + (evidence.interruption ?? "the daemon ended \(totals.brokenConnections) connections without a reason"))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// E.g. "1,200, all of calls in flight at 20 kills: 31 with 1,850 logs".
    private func duplicates(_ verdict: Verdict) -> String {
        let count = Figures.grouped(verdict.duplicated)
        guard let coder = evidence.record.coder, coder.kills > 0 else { return count }
        let share = verdict.duplicated == verdict.duplicatedInFlight ? "all" : "only \(Figures.grouped(verdict.duplicatedInFlight))"
        return "\(count)\(verdict.duplicated == 0 ? ";" : ", \(share) of") calls in flight at \(Figures.grouped(coder.kills)) kills: \(Figures.grouped(coder.callsInFlightAtKills)) with \(Figures.grouped(coder.logsInFlightAtKills)) logs"
    }

    private var longestTurn: String {
        evidence.ledger?.longestTurnMicroseconds.map { "; longest turn of its loop \(Figures.fixed(Double($0) / 1000, 1)) ms" } ?? ""
    }

    private var refusals: String {
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
