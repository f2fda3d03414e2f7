import Pipeline
import Reporting

/// The `/status` page: the ledger and the configuration, for `boundary-log-proxy status` and for people. Secrets are masked.
enum StatusPage {
    /// Sessions that the page lists.
    static let sessionsMax = 20

    static func json(_ s: Snapshot, sessions: [SequenceReport], clients: [ClientReport], configuration: Configuration) -> JSONText {
        let sessionsInRing = s.destinations.map(\.sessions).max() ?? 0
        return .object([
            ("version", .string(Version.text)),
            ("started", .string(s.startedAt.text)),
            ("ready", .bool(HealthPages.obstacles(s).isEmpty)), ("serving", .bool(s.isServing)),
            ("socket", .text(configuration.socketPath)),
            ("socket_passed", .bool(s.isSocketPassed)),
            (
                "reloads",
                .object([
                    ("applied", .int(s.reloads.applied)), ("failed", .int(s.reloads.failed)), ("last_failed", .bool(s.reloads.hasLastFailed)),
                    ("waiting_for_restart", .array(s.reloads.waitingForRestart.map(JSONText.string))),
                ])
            ),
            (
                "connections",
                .object([
                    ("now", .int(s.connections)), ("max", .int(s.connectionsMax)), ("total", .int(s.ingest.connections)),
                    ("refused", .int(s.ingest.connectionsRefused)), ("not_allowed", .int(s.ingest.connectionsNotAllowed)),
                    ("refused_without_descriptor", .int(s.ingest.connectionsWithoutDescriptor)), ("idle_closed", .int(s.ingest.connectionsIdleClosed)),
                ])
            ),
            ("clients", ClientStatus.json(clients)), ("clients_more", .int(s.connections - clients.count)),
            (
                "frames",
                .object([
                    ("received", .int(s.ingest.frames)), ("bytes", .int(s.ingest.bytes)),
                    ("without_logs", .int(s.ingest.framesWithoutLogs)),
                    ("rejected", .object(RejectionReason.allCases.map { ($0.rawValue, .int(s.ingest.rejected($0))) })),
                ])
            ),
            ("ledger", ledger(s.ledger)),
            (
                "client_reported_drops",
                .object([
                    ("boundary_channel_full", .int(s.ingest.clientDroppedChannelFull)),
                    ("boundary_batch_full", .int(s.ingest.clientDroppedBatchFull)),
                ])
            ),
            ("sequences", SequenceStatus.json(s.sequences, sessions)),
            (
                "ring",
                .object([
                    ("bytes", .int(s.ringBytes)), ("bytes_max", .int(s.ringBytesMax)), ("sessions", .int(sessionsInRing)),
                    ("reading_paused", .bool(s.isReadingPaused)), ("reading_pauses", .int(s.ingest.pauses)),
                ])
            ),
            ("spool", s.destinations[0].spool.map(spool) ?? .null),
            ("loop", .object([("longest_turn_seconds", s.longestTurnSeconds.map { .seconds($0) } ?? .null)])),
            ("destination", .object(destination(s.destinations[0], clock: s.clock))),
            ("destinations", .array(s.destinations.map { account($0, clock: s.clock) })),
            ("configuration", .object(configuration.maskedValues().map { ($0.option.name, value($0)) })),
        ])
    }

    private static func ledger(_ account: Ledger) -> JSONText { .object([("logs", ledger(account, \.logs)), ("batches", ledger(account, \.batches))]) }

    private static func ledger(_ ledger: Ledger, _ unit: (Tally) -> UInt64) -> JSONText {
        .object([
            ("received", .int(unit(ledger.received))), ("recovered", .int(unit(ledger.recovered))),
            ("delivered", .int(unit(ledger.delivered))),
            ("dropped", .object(DropReason.allCases.map { ($0.rawValue, .int(unit(ledger.dropped($0)))) })),
            ("waiting", .int(unit(ledger.waiting))), ("spooled", .int(unit(ledger.spooled))), ("in_flight", .int(unit(ledger.inFlight))),
        ])
    }

    private static func spool(_ spool: SpoolStatus) -> JSONText {
        .object([
            ("directory", .string(spool.directory)), ("durability", .string(spool.view.settings.durability.rawValue)),
            ("bytes", .int(spool.view.content.bytes)), ("bytes_max", .int(spool.view.settings.bytesMax)),
            ("oldest_seconds", .seconds(spool.oldestSeconds)), ("failing_since_seconds", .seconds(spool.failingForSeconds)),
            ("last_error", .text(spool.statistics.lastError)),
            ("jobs", .int(spool.statistics.jobs)), ("jobs_failed", .int(spool.statistics.jobsFailed)),
            ("damaged_files", .int(spool.statistics.damagedFiles)),
        ])
    }

    /// A destination with its ledger and its spool.
    private static func account(_ s: DestinationStatus, clock: UInt64) -> JSONText {
        let parts: [(String, JSONText)] = [("ledger", ledger(s.ledger)), ("ring_bytes", .int(s.ringBytes)), ("spool", s.spool.map(spool) ?? .null)]
        return .object(destination(s, clock: clock) + parts)
    }

    private static func destination(_ s: DestinationStatus, clock: UInt64) -> [(String, JSONText)] {
        [
            ("reporter", .string(s.name)),
            (
                "deliveries",
                .object([
                    ("delivered", .int(s.deliveries.delivered)), ("transient", .int(s.deliveries.transient)),
                    ("rejected", .int(s.deliveries.rejected)), ("too_large", .int(s.deliveries.tooLarge)),
                ])
            ),
            ("failures_in_a_row", .int(s.failuresInARow)),
            ("retrying_since_seconds", .seconds(s.failingForSeconds)),
            ("last_error", .text(s.deliveries.lastError)),
            ("seconds_since_last_success", .seconds(s.secondsSinceLastSuccess)),
            ("obstacle", .text(s.obstacle)),
            ("session", s.session.map { session($0, clock: clock) } ?? .null),
        ]
    }

    private static func session(_ session: AgentAPIStatus, clock: UInt64) -> JSONText {
        func seconds(_ from: UInt64, _ to: UInt64) -> Double { Double(to - min(from, to)) / 1e9 }
        return .object([
            ("state", .string(session.state.rawValue)),
            ("state_seconds", .seconds(seconds(session.stateSince, clock))),
            ("next_dial_seconds", .seconds(session.nextDial.map { seconds(clock, $0) })),
            ("version", .text(session.version)),
            ("dials", .int(session.dials)), ("dials_failed", .int(session.dialsFailed)), ("reconnects", .int(session.reconnects)),
            ("last_error", .text(session.lastError)),
            (
                "calls",
                .object(
                    [("ok", .int(session.callsSucceeded))]
                        + AgentAPIStatus.CallFailureCause.allCases.map { ($0.rawValue, .int(session.callsFailed[$0, default: 0])) }
                        + [("in_flight", .int(session.callsInFlight)), ("perhaps_delivered", .int(session.callsPerhapsDelivered))])
            ),
            ("bytes_sent", .int(session.bytesSent)), ("bytes_received", .int(session.bytesReceived)),
        ])
    }

    private static func value(_ entry: (option: OptionDescriptor, values: [String])) -> JSONText {
        if entry.option.isRepeatable { return .array(entry.values.map(JSONText.string)) }
        return .text(entry.values.first)
    }
}
