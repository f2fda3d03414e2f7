import Pipeline

extension Metrics {
    /// The audit of sequence numbers. A hole can be filled later, so what is missing is a gauge, and what is not waited for any more a counter.
    static func sequences(_ s: SequenceStatistics, _ out: inout PrometheusText) {
        out.single(
            prefix + "sequence_missing", .gauge,
            "Sequence numbers below the highest seen of a remembered session that have not arrived.", s.missing)
        out.single(
            prefix + "sequence_missing_final_total", .counter,
            "Sequence numbers that have not arrived and are not waited for any more: of sessions and ranges forgotten, of counts before a restart.",
            s.counters.missingFinal)
        out.single(prefix + "sequence_duplicated_total", .counter, "Audit logs whose sequence number had been seen.", s.counters.duplicated)
        out.single(
            prefix + "sequence_out_of_order_total", .counter, "Audit logs that came after one of a higher sequence number, and had not been seen.",
            s.counters.outOfOrder)
        out.single(
            prefix + "sequence_restarts_total", .counter, "Times that a client counted from 0 again under the same session id.",
            s.counters.restarts)
        out.single(
            prefix + "sequence_late_starts_total", .counter,
            "Sessions whose first sequence number seen was not 0: what came before is unknown, and not counted as missing.", s.lateStarts)
        out.single(prefix + "sequence_sessions", .gauge, "Sessions whose sequence numbers are remembered.", s.sessions)
        out.single(prefix + "sequence_sessions_limit", .gauge, "Sessions that can be remembered.", s.sessionsMax)
        out.single(
            prefix + "sequence_sessions_evicted_total", .counter, "Sessions forgotten because there were too many; the longest silent goes.",
            s.sessionsEvicted)
        out.single(prefix + "sequence_missing_ranges", .gauge, "Ranges of missing sequence numbers, of all remembered sessions.", s.holes)
        out.single(prefix + "sequence_missing_ranges_largest", .gauge, "The most ranges that one session has.", s.holesLargest)
        out.single(prefix + "sequence_missing_ranges_limit", .gauge, "Ranges that one session can have.", s.holesMax)
        out.single(
            prefix + "sequence_missing_ranges_forgotten_total", .counter, "Ranges forgotten because a session had too many; the lowest goes.",
            s.counters.holesForgotten)
        out.family(prefix + "sequence_unaudited_logs_total", .counter, "Audit logs whose sequence numbers say nothing.")
        for (reason, count) in [
            ("no_session", s.logsWithoutSession), ("long_session", s.logsWithLongSession), ("unnumbered", s.logsUnnumbered),
        ] {
            out.sample(prefix + "sequence_unaudited_logs_total", [("reason", reason)], count)
        }
    }
}
