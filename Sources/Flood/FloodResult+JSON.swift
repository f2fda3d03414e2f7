import Histogram

extension FloodResult {
    /// One JSON object on one line, for machines. The names are stable; `--help` lists them.
    public var json: String {
        var object = JSONWriter()
        let totals = evidence.totals
        object.add("ok", isGood)
        object.add("sent", totals.logs)
        object.add("messages", totals.messages)
        object.add("sessions", evidence.sessions.count)
        object.add("connections", totals.connections)
        object.add("broken_connections", totals.brokenConnections)
        object.add("blocked_writes", totals.blockedWrites)
        object.add("statuses", totals.statuses)
        object.add("bytes_sent", totals.bytes)
        for kind in BadFrame.allCases { object.add("bad_\(kind.rawValue)", totals.badFrames[kind] ?? 0) }
        object.add("send_seconds", sendSeconds)
        object.add("sent_per_second", sentPerSecond)
        object.add("megabytes_per_second", megabytesPerSecond)
        if let verdict { addVerdict(verdict, to: &object) }
        for other in others { object.add("destination_\(other.reporter.rawValue)", Self.object(other)) }
        if let keptDirectory { object.add("kept", keptDirectory) }
        return object.text
    }

    /// A destination after the first, with the same names.
    private static func object(_ destination: DestinationResult) -> JSONWriter {
        var object = JSONWriter()
        object.add("ok", destination.verdict.isGood)
        addDelivery(destination.verdict, destination.evidence.record, to: &object)
        if let crash = destination.verdict.crash { addCrash(crash, destination.verdict, destination.evidence, to: &object) }
        object.add("delivery_seconds", destination.deliverySeconds)
        object.add("delivered_per_second", destination.deliveredPerSecond)
        addLatency(destination.evidence.record, to: &object)
        object.add("failures", destination.verdict.failures)
        return object
    }

    private static func addDelivery(_ verdict: Verdict, _ record: DeliveryRecord, to object: inout JSONWriter) {
        object.add("delivered", verdict.delivered)
        object.add("dropped", verdict.droppedSum)
        for (reason, count) in verdict.dropped.sorted(by: { $0.key < $1.key }) { object.add("dropped_\(reason)", count) }
        object.add("lost", verdict.lost)
        object.add("duplicated", verdict.duplicated)
        object.add("duplicated_in_flight", verdict.duplicatedInFlight)
        object.add("out_of_order", verdict.outOfOrder)
        object.add("foreign", verdict.foreign)
        object.add("spooled", verdict.spooled)
        if let catchUp = record.catchUp {
            object.add("catch_up_seconds", catchUp.backlogSeconds ?? 0)
            object.add("catch_up_latency_seconds", catchUp.usualSeconds ?? .nan)
        }
        object.add("requests", record.requests)
        object.add("request_bytes", record.bytes)
        object.add("answered_503", record.refused503)
        object.add("answered_413", record.refused413)
        if let coder = record.coder {
            object.add("dials", coder.dials)
            object.add("dials_refused", coder.dialsRefused)
            object.add("coder_sessions", coder.sessions)
            object.add("kills", coder.kills)
            object.add("calls_in_flight_at_kills", coder.callsInFlightAtKills)
            object.add("logs_in_flight_at_kills", coder.logsInFlightAtKills)
            object.add("violations", coder.violations.values.reduce(0, +))
        }
    }

    private static func addLatency(_ record: DeliveryRecord, to object: inout JSONWriter) {
        object.add("latency_p50_us", Int(record.latency.valueAtPercentile(50)))
        object.add("latency_p99_us", Int(record.latency.valueAtPercentile(99)))
        object.add("latency_p999_us", Int(record.latency.valueAtPercentile(99.9)))
        object.add("latency_max_us", Int(record.latency.maxRecorded))
    }

    private func addVerdict(_ verdict: Verdict, to object: inout JSONWriter) {
        Self.addDelivery(verdict, evidence.record, to: &object)
        if let crash = verdict.crash { Self.addCrash(crash, verdict, evidence, to: &object) }
        object.add("delivery_seconds", deliverySeconds)
        object.add("delivered_per_second", deliveredPerSecond)
        Self.addLatency(evidence.record, to: &object)
        object.add("daemon_cpu_seconds", processorSeconds)
        object.add("daemon_cpu_seconds_per_million", processorSecondsPerMillion)
        if let seconds = processorSecondsAtStart { object.add("daemon_cpu_seconds_start", seconds) }
        if let seconds = processorSecondsSending { object.add("daemon_cpu_seconds_sending", seconds) }
        object.add("daemon_context_switches", contextSwitches)
        object.add("daemon_private_idle_bytes", figures.privateIdleBytes)
        object.add("daemon_private_peak_bytes", figures.privatePeakBytes)
        object.add("daemon_resident_peak_bytes", figures.residentPeakBytes)
        object.add("daemon_written_bytes", figures.writtenBytes)
        object.add("daemon_written_bytes_sending", figures.writtenBytes - figures.writtenBytesAtStart)
        object.add("spool_peak_bytes", figures.spoolPeakBytes)
        object.add("daemon_drain_seconds", drainSeconds)
        if let longest = evidence.ledger?.longestTurnMicroseconds { object.add("daemon_longest_turn_seconds", Double(longest) / 1e6) }
        object.add("daemon_exit_code", Int(evidence.exitCode ?? -1))
        object.add("failures", verdict.failures)
    }

    private static func addCrash(_ crash: CrashVerdict, _ verdict: Verdict, _ evidence: Evidence, to object: inout JSONWriter) {
        guard let crashes = evidence.crashes else { return }
        object.add("basis", "what the clients wrote and the sink saw; the ledgers of killed processes are lost with them")
        object.add("durability", crashes.promise.mode.rawValue)
        object.add("kills", crashes.kills.count)
        object.add("killed_connections", evidence.totals.killedConnections)
        object.add("failed_messages", evidence.totals.failedMessages)
        object.add("promise_window_seconds", crashes.promise.lossWindow.map { Double($0) / 1e9 } ?? .nan)
        object.add("lost_within_promise", crash.lostWithin)
        object.add("lost_unread", crash.lostUnread)
        object.add("lost_oldest_seconds", Double(crash.oldestLost) / 1e9)
        object.add("lost_beyond_promise", verdict.lostBeyondPromise)
        object.add("lost_before_later_ones", crash.holes)
        object.add("resent_requests", crash.resends)
        object.add("resent_logs", crash.resentLogs)
        object.add("resent_requests_of_one_kill_max", crash.resendsOfOneKillMax)
        object.add("resent_answer_oldest_seconds", Double(crash.oldestAnswer) / 1e9)
        object.add("resent_not_in_flight", crash.unexplainedResends)
        object.add("resent_with_other_content", crash.changedResends)
        object.add("duplicated_under_other_key", evidence.record.duplicatesOfOtherKeys)
    }
}
