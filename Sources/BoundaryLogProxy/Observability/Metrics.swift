import Pipeline
import Reporting

/// The `/metrics` page. The first three families are those that users of the original graph: names, labels and meaning are fixed
/// (docs/operations.md lists all).
enum Metrics {
    static let prefix = "agent_boundary_log_proxy_"

    static func render(_ s: Snapshot, process: ProcessStatistics, version: String) -> String {
        var out = PrometheusText()
        drops(s, &out)
        ledger(s, &out)
        ingest(s, &out)
        sequences(s.sequences, &out)
        if let submissions = s.submissions { self.submissions(submissions, &out) }
        if let spool = s.spool { self.spool(spool, &out) }
        destination(s, &out)
        if let statistics = s.reporter { reporter(statistics, &out) }
        if let session = s.session { self.session(session, clock: s.clock, &out) }
        processFamilies(s, process, &out)
        out.family(prefix + "config_reloads_total", .counter, "Configurations read anew: applied, or failed, which changed nothing.")
        out.sample(prefix + "config_reloads_total", [("result", "applied")], s.reloads.applied)
        out.sample(prefix + "config_reloads_total", [("result", "failed")], s.reloads.failed)
        out.single(prefix + "config_last_reload_failed", .gauge, "1 while the configuration that was read last is not the one in effect.", s.reloads.hasLastFailed ? 1 : 0)
        out.family(prefix + "build_info", .gauge, "Always 1; the version is in the label.")
        out.sample(prefix + "build_info", [("version", version)], 1)
        return out.text
    }

    private static func drops(_ s: Snapshot, _ out: inout PrometheusText) {
        out.family(
            prefix + "batches_dropped_total", .counter, "Batches (frames with logs) that were received and dropped.")
        for reason in DropReason.allCases {
            out.sample(prefix + "batches_dropped_total", [("reason", reason.rawValue)], s.ledger.dropped(reason).batches)
        }
        out.family(
            prefix + "logs_dropped_total", .counter,
            "Audit logs dropped, here or, as clients report (boundary_*), before they were sent.")
        for reason in DropReason.allCases {
            out.sample(prefix + "logs_dropped_total", [("reason", reason.rawValue)], s.ledger.dropped(reason).logs)
        }
        out.sample(
            prefix + "logs_dropped_total", [("reason", "boundary_channel_full")], s.ingest.clientDroppedChannelFull)
        out.sample(prefix + "logs_dropped_total", [("reason", "boundary_batch_full")], s.ingest.clientDroppedBatchFull)
        out.single(
            prefix + "batches_forwarded_total", .counter, "Batches that the destination acknowledged.",
            s.ledger.delivered.batches)
    }

    private static func ledger(_ s: Snapshot, _ out: inout PrometheusText) {
        out.single(prefix + "logs_forwarded_total", .counter, "Audit logs that the destination acknowledged.", s.ledger.delivered.logs)
        out.single(prefix + "batches_received_total", .counter, "Batches received.", s.ledger.received.batches)
        out.single(prefix + "logs_received_total", .counter, "Audit logs received.", s.ledger.received.logs)
        out.single(prefix + "batches_recovered_total", .counter, "Batches found in the spool: received by an earlier process.", s.ledger.recovered.batches)
        out.single(prefix + "logs_recovered_total", .counter, "Audit logs found in the spool: received by an earlier process.", s.ledger.recovered.logs)
        out.single(prefix + "batches_waiting", .gauge, "Batches that wait in the buffer.", s.ledger.waiting.batches)
        out.single(prefix + "logs_waiting", .gauge, "Audit logs that wait in the buffer.", s.ledger.waiting.logs)
        out.single(prefix + "batches_spooled", .gauge, "Batches that wait in the spool.", s.ledger.spooled.batches)
        out.single(prefix + "logs_spooled", .gauge, "Audit logs that wait in the spool.", s.ledger.spooled.logs)
        out.single(prefix + "batches_in_flight", .gauge, "Batches in deliveries under way.", s.ledger.inFlight.batches)
        out.single(prefix + "logs_in_flight", .gauge, "Audit logs in deliveries under way.", s.ledger.inFlight.logs)
        out.single(prefix + "buffer_bytes", .gauge, "Bytes that the buffer holds.", s.ringBytes)
        out.single(prefix + "buffer_limit_bytes", .gauge, "Bytes that the buffer may hold (--buffer-bytes).", s.ringBytesMax)
        out.single(prefix + "buffer_sessions", .gauge, "Sessions of which something waits or is in flight.", s.sessions)
    }

    private static func ingest(_ s: Snapshot, _ out: inout PrometheusText) {
        out.single(prefix + "frames_received_total", .counter, "Whole frames received, good and bad.", s.ingest.frames)
        out.single(prefix + "received_bytes_total", .counter, "Bytes read from clients.", s.ingest.bytes)
        out.single(
            prefix + "frames_without_logs_total", .counter, "Valid frames that held no log: empty messages and statuses.",
            s.ingest.framesWithoutLogs)
        out.family(
            prefix + "frames_rejected_total", .counter,
            "Frames rejected. unknown_tag and too_long end the connection; truncated_frame is a connection that ended inside a frame.")
        for reason in RejectionReason.allCases {
            out.sample(prefix + "frames_rejected_total", [("reason", reason.rawValue)], s.ingest.rejected(reason))
        }
        out.single(prefix + "connections", .gauge, "Clients connected now.", s.connections)
        out.single(prefix + "connections_limit", .gauge, "Clients that may be connected (--connections-max).", s.connectionsMax)
        out.single(prefix + "connections_total", .counter, "Connections accepted since the start, refused ones included.", s.ingest.connections)
        out.family(
            prefix + "connections_refused_total", .counter,
            "Connections closed at once: over --connections-max, or without a descriptor left for them.")
        out.sample(prefix + "connections_refused_total", [("reason", "connections_max")], s.ingest.connectionsRefused)
        out.sample(prefix + "connections_refused_total", [("reason", "descriptors")], s.ingest.connectionsWithoutDescriptor)
        out.single(
            prefix + "connections_idle_closed_total", .counter, "Connections closed by --connection-idle-timeout.",
            s.ingest.connectionsIdleClosed)
        out.single(prefix + "reading_paused", .gauge, "1 while reading stands still because the buffer is full.", s.isReadingPaused ? 1 : 0)
        out.single(
            prefix + "reading_pauses_total", .counter, "Times that reading stood still because the buffer was full.",
            s.ingest.pauses)
    }

    private static func destination(_ s: Snapshot, _ out: inout PrometheusText) {
        out.family(prefix + "deliveries_total", .counter, "Attempts at deliveries by outcome; transient ones are tried again.")
        for (outcome, count) in [
            ("delivered", s.deliveries.delivered), ("transient", s.deliveries.transient),
            ("rejected", s.deliveries.rejected), ("too_large", s.deliveries.tooLarge),
        ] {
            out.sample(prefix + "deliveries_total", [("outcome", outcome)], count)
        }
        out.histogram(
            prefix + "delivery_duration_seconds", "How long attempts at deliveries took.",
            bounds: DeliveryStatistics.durationBounds, counts: s.deliveries.durationCounts, sum: s.deliveries.durationSum)
        out.single(prefix + "destination_up", .gauge, "0 while the last attempt at a delivery failed or was refused, or there is no session.",
            s.deliveries.isFailing || s.obstacle != nil ? 0 : 1)
        if let seconds = s.secondsSinceLastSuccess {
            out.single(prefix + "since_last_success_seconds", .gauge, "Time since the last successful delivery.", seconds)
        }
    }

    private static func reporter(_ statistics: ReporterStatistics, _ out: inout PrometheusText) {
        out.single(
            prefix + "destination_bytes_total", .counter, "Bytes written to the destination in bodies of requests, or lines, failed attempts included.",
            statistics.bodyBytes)
        guard statistics.connectionsOpened > 0 || statistics.transportErrors > 0 else { return }
        out.single(prefix + "http_connections_total", .counter, "Connections made to the HTTP destination.", statistics.connectionsOpened)
        out.single(prefix + "http_transport_errors_total", .counter, "Requests that ended without an answer.", statistics.transportErrors)
        guard !statistics.responses.isEmpty else { return }
        out.family(prefix + "http_responses_total", .counter, "Answers of the HTTP destination by status.")
        for (status, count) in statistics.responses.sorted(by: { $0.key < $1.key }) {
            out.sample(prefix + "http_responses_total", [("code", "\(status)")], count)
        }
    }

    private static func session(_ session: AgentAPIStatus, clock: UInt64, _ out: inout PrometheusText) {
        out.family(prefix + "session_state", .gauge, "1 for the state that the session with coderd is in.")
        for state in AgentAPIStatus.State.allCases {
            out.sample(prefix + "session_state", [("state", state.rawValue)], session.state == state ? 1 : 0)
        }
        out.single(
            prefix + "session_state_seconds", .gauge, "How long it has been in that state.",
            Double(clock - min(session.stateSince, clock)) / 1e9)
        out.single(prefix + "session_dials_total", .counter, "Attempts to open a session with coderd.", session.dials)
        out.single(
            prefix + "session_dials_failed_total", .counter, "Attempts that coderd refused, or that did not reach it.", session.dialsFailed)
        out.single(prefix + "session_reconnects_total", .counter, "Sessions opened after the first.", session.reconnects)
        out.family(prefix + "calls_total", .counter, "Calls of coderd's ReportBoundaryLogs by their end.")
        out.sample(prefix + "calls_total", [("result", "ok")], session.callsSucceeded)
        for cause in AgentAPIStatus.CallFailureCause.allCases {
            out.sample(prefix + "calls_total", [("result", cause.rawValue)], session.callsFailed[cause, default: 0])
        }
        out.single(prefix + "calls_in_flight", .gauge, "Calls under way.", session.callsInFlight)
        out.single(
            prefix + "calls_perhaps_delivered_total", .counter,
            "Calls that failed after they had been written whole, and are repeated: coderd may have recorded their logs twice.",
            session.callsPerhapsDelivered)
        out.family(prefix + "session_bytes_total", .counter, "Bytes exchanged with coderd inside the WebSocket.")
        out.sample(prefix + "session_bytes_total", [("direction", "sent")], session.bytesSent)
        out.sample(prefix + "session_bytes_total", [("direction", "received")], session.bytesReceived)
    }

    private static func processFamilies(_ s: Snapshot, _ process: ProcessStatistics, _ out: inout PrometheusText) {
        if let seconds = s.longestTurnSeconds {
            out.single(prefix + "loop_turn_longest_seconds", .gauge, "The longest that the event loop has been busy in one turn so far.", seconds)
        }
        out.single("process_cpu_seconds_total", .counter, "User and system CPU time spent, in seconds.", process.cpuSeconds)
        out.single("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", process.residentBytes)
        out.single("process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.", process.virtualBytes)
        out.single("process_open_fds", .gauge, "Number of open file descriptors.", process.openDescriptors)
        out.single("process_max_fds", .gauge, "Maximum number of open file descriptors.", process.descriptorsMax)
        out.single("process_start_time_seconds", .gauge, "Start time of the process since unix epoch in seconds.", Double(s.startedAt.seconds) + Double(s.startedAt.nanoseconds) / 1e9)
    }
}
