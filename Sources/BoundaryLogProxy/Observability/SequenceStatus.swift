import Pipeline

/// The audit's part of `/status`.
enum SequenceStatus {
    static func json(_ s: SequenceStatistics, _ sessions: [SequenceReport]) -> JSONText {
        .object([
            ("sessions", .int(s.sessions)), ("sessions_max", .int(s.sessionsMax)), ("sessions_evicted", .int(s.sessionsEvicted)),
            ("missing", .int(s.missing)), ("missing_final", .int(s.counters.missingFinal)),
            ("duplicated", .int(s.counters.duplicated)), ("out_of_order", .int(s.counters.outOfOrder)),
            ("restarts", .int(s.counters.restarts)), ("late_starts", .int(s.lateStarts)),
            (
                "not_audited",
                .object([
                    ("no_session", .int(s.logsWithoutSession)), ("long_session", .int(s.logsWithLongSession)),
                    ("unnumbered", .int(s.logsUnnumbered)),
                ])
            ),
            ("recent", .array(sessions.map(session))),
            ("more", .int(s.sessions - sessions.count)),
        ])
    }

    private static func session(_ session: SequenceReport) -> JSONText {
        .object([
            ("session", .string(session.session)), ("process", .string(session.process)), ("logs", .int(session.logs)),
            ("first", .int(session.first)), ("last", .int(session.last)),
            ("missing", .int(session.missing)), ("missing_final", .int(session.missingFinal)),
            ("missing_ranges", .array(session.holes.map { .object([("first", .int($0.first)), ("last", .int($0.last))]) })),
            ("duplicated", .int(session.duplicated)), ("out_of_order", .int(session.outOfOrder)), ("restarts", .int(session.restarts)),
        ])
    }
}
