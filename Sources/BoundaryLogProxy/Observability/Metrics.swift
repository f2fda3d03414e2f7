import Pipeline
import Reporting

/// The `/metrics` page. The first three families are those that users of the original graph: names, labels and meaning are fixed
/// (docs/operations.md lists all).
enum Metrics {
    static let prefix = "agent_boundary_log_proxy_"

    static func render(_ s: Snapshot, process: ProcessStatistics, version: String) -> String {
        var out = PrometheusText()
        let destinations = Destinations(s)
        drops(s, destinations, &out)
        ledger(s, destinations, &out)
        ingest(s, &out)
        sequences(s.sequences, &out)
        if let submissions = s.submissions { self.submissions(submissions, &out) }
        spool(destinations, &out)
        deliveries(destinations, &out)
        reporter(destinations, &out)
        session(destinations, clock: s.clock, &out)
        if let streams = s.streams { self.streams(streams, s.tap, &out) }
        processFamilies(s, process, &out)
        out.family(prefix + "config_reloads_total", .counter, "Configurations read anew: applied, or failed, which changed nothing.")
        out.sample(prefix + "config_reloads_total", [("result", "applied")], s.reloads.applied)
        out.sample(prefix + "config_reloads_total", [("result", "failed")], s.reloads.failed)
        out.single(prefix + "config_last_reload_failed", .gauge, "1 while the configuration that was read last is not the one in effect.", s.reloads.hasLastFailed ? 1 : 0)
        out.family(prefix + "build_info", .gauge, "Always 1; the version is in the label.")
        out.sample(prefix + "build_info", [("version", version)], 1)
        return out.text
    }

    private static func drops(_ s: Snapshot, _ destinations: Destinations, _ out: inout PrometheusText) {
        out.family(
            prefix + "batches_dropped_total", .counter, "Batches (frames with logs) that were received and dropped.")
        for (labels, destination) in destinations.labelled {
            for reason in DropReason.allCases {
                out.sample(prefix + "batches_dropped_total", labels + [("reason", reason.rawValue)], destination.ledger.dropped(reason).batches)
            }
        }
        out.family(
            prefix + "logs_dropped_total", .counter,
            "Audit logs dropped, here or, as clients report (boundary_*), before they were sent.")
        for (labels, destination) in destinations.labelled {
            for reason in DropReason.allCases {
                out.sample(prefix + "logs_dropped_total", labels + [("reason", reason.rawValue)], destination.ledger.dropped(reason).logs)
            }
        }
        out.sample(
            prefix + "logs_dropped_total", [("reason", "boundary_channel_full")], s.ingest.clientDroppedChannelFull)
        out.sample(prefix + "logs_dropped_total", [("reason", "boundary_batch_full")], s.ingest.clientDroppedBatchFull)
        destinations.each(prefix + "batches_forwarded_total", .counter, "Batches that the destination acknowledged.", &out) { $0.ledger.delivered.batches }
    }

    private static func ledger(_ s: Snapshot, _ destinations: Destinations, _ out: inout PrometheusText) {
        let received = s.destinations[0].ledger.received
        destinations.each(prefix + "logs_forwarded_total", .counter, "Audit logs that the destination acknowledged.", &out) { $0.ledger.delivered.logs }
        out.single(prefix + "batches_received_total", .counter, "Batches received.", received.batches)
        out.single(prefix + "logs_received_total", .counter, "Audit logs received.", received.logs)
        destinations.each(
            prefix + "batches_recovered_total", .counter, "Batches found in the spool: received by an earlier process.", &out) { $0.ledger.recovered.batches }
        destinations.each(
            prefix + "logs_recovered_total", .counter, "Audit logs found in the spool: received by an earlier process.", &out) { $0.ledger.recovered.logs }
        destinations.each(prefix + "batches_waiting", .gauge, "Batches that wait in the buffer.", &out) { $0.ledger.waiting.batches }
        destinations.each(prefix + "logs_waiting", .gauge, "Audit logs that wait in the buffer.", &out) { $0.ledger.waiting.logs }
        destinations.each(prefix + "batches_spooled", .gauge, "Batches that wait in the spool.", &out) { $0.ledger.spooled.batches }
        destinations.each(prefix + "logs_spooled", .gauge, "Audit logs that wait in the spool.", &out) { $0.ledger.spooled.logs }
        destinations.each(prefix + "batches_in_flight", .gauge, "Batches in deliveries under way.", &out) { $0.ledger.inFlight.batches }
        destinations.each(prefix + "logs_in_flight", .gauge, "Audit logs in deliveries under way.", &out) { $0.ledger.inFlight.logs }
        out.single(prefix + "buffer_bytes", .gauge, "Bytes that the buffer holds.", s.ringBytes)
        out.single(prefix + "buffer_limit_bytes", .gauge, "Bytes that the buffer may hold (--buffer-bytes).", s.ringBytesMax)
        if destinations.areSeveral {
            destinations.each(prefix + "buffer_held_bytes", .gauge, "Bytes of the buffer that the destination keeps in use.", &out) { $0.ringBytes }
        }
        destinations.each(prefix + "buffer_sessions", .gauge, "Sessions of which something waits or is in flight.", &out) { $0.sessions }
    }

    private static func ingest(_ s: Snapshot, _ out: inout PrometheusText) {
        out.single(prefix + "frames_received_total", .counter, "Whole frames received, good and bad.", s.ingest.frames)
        out.single(prefix + "received_bytes_total", .counter, "Bytes read from clients.", s.ingest.bytes)
        out.single(
            prefix + "frames_without_logs_total", .counter, "Valid frames that held no log: empty messages and statuses.",
            s.ingest.framesWithoutLogs)
        out.family(
            prefix + "frames_rejected_total", .counter,
            "Frames rejected. unknown_tag and too_long end the connection; truncated_frame is a connection that ended inside a frame, frame_timeout one that was closed because it took too long over one.")
        for reason in RejectionReason.allCases {
            out.sample(prefix + "frames_rejected_total", [("reason", reason.rawValue)], s.ingest.rejected(reason))
        }
        out.single(prefix + "connections", .gauge, "Clients connected now.", s.connections)
        out.single(prefix + "connections_limit", .gauge, "Clients that may be connected (--connections-max).", s.connectionsMax)
        out.single(prefix + "connections_total", .counter, "Connections accepted since the start, refused ones included.", s.ingest.connections)
        out.family(
            prefix + "connections_refused_total", .counter,
            "Connections closed at once: over --connections-max, neither in --allow-uid nor in --allow-gid, or without a descriptor left for them.")
        out.sample(prefix + "connections_refused_total", [("reason", "connections_max")], s.ingest.connectionsRefused)
        out.sample(prefix + "connections_refused_total", [("reason", "not_allowed")], s.ingest.connectionsNotAllowed)
        out.sample(prefix + "connections_refused_total", [("reason", "descriptors")], s.ingest.connectionsWithoutDescriptor)
        out.single(
            prefix + "connections_idle_closed_total", .counter, "Connections closed by --connection-idle-timeout.",
            s.ingest.connectionsIdleClosed)
        out.single(prefix + "reading_paused", .gauge, "1 while reading stands still because the buffer is full.", s.isReadingPaused ? 1 : 0)
        out.single(
            prefix + "reading_pauses_total", .counter, "Times that reading stood still because the buffer was full.",
            s.ingest.pauses)
        out.single(
            prefix + "connections_rate_limited", .gauge, "Connections whose reading is paused by --client-rate-limit.", s.connectionsRateLimited)
        out.single(
            prefix + "client_rate_limit_pauses_total", .counter, "Times that the reading of a connection was paused by --client-rate-limit.",
            s.ingest.rateLimitPauses)
    }

    private static func streams(_ streams: StreamStatistics, _ tap: TapCounts, _ out: inout PrometheusText) {
        out.single(prefix + "event_streams", .gauge, "Readers of /events now.", streams.streams)
        out.single(prefix + "event_streams_limit", .gauge, "Readers of /events that there may be.", streams.streamsMax)
        out.family(
            prefix + "tap_logs_total", .counter,
            "Audit logs that came while somebody followed them on /events, once for each who did: shown, skipped because of a bound, or filtered out.")
        out.sample(prefix + "tap_logs_total", [("result", "shown")], tap.shown)
        out.sample(prefix + "tap_logs_total", [("result", "skipped")], tap.skipped)
        out.sample(prefix + "tap_logs_total", [("result", "filtered")], tap.filtered)
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
