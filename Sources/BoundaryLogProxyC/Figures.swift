import BoundaryLogProxy
import CBoundaryLogProxy
import Pipeline

/// What `blp_stats` tells, taken on the loop's thread and read from any.
struct Figures: Sendable {
    private let ledger: Ledger
    private let connections: Int
    private let framesRejected: UInt64
    private let submissions: SubmissionStatistics?

    init(_ snapshot: Snapshot) {
        ledger = snapshot.ledger
        connections = snapshot.connections
        framesRejected = RejectionReason.allCases.reduce(0) { $0 + snapshot.ingest.rejected($1) }
        submissions = snapshot.submissions
    }

    var statistics: blp_statistics {
        let dropped = ledger.dropped
        return blp_statistics(
            size: UInt64(MemoryLayout<blp_statistics>.size),
            logs_received: ledger.received.logs, batches_received: ledger.received.batches,
            logs_recovered: ledger.recovered.logs, batches_recovered: ledger.recovered.batches,
            logs_delivered: ledger.delivered.logs, batches_delivered: ledger.delivered.batches,
            logs_dropped: dropped.logs, batches_dropped: dropped.batches,
            logs_waiting: ledger.waiting.logs, batches_waiting: ledger.waiting.batches,
            logs_spooled: ledger.spooled.logs, batches_spooled: ledger.spooled.batches,
            logs_in_flight: ledger.inFlight.logs, batches_in_flight: ledger.inFlight.batches,
            logs_dropped_buffer_full: ledger.dropped(.bufferFull).logs, logs_dropped_forward_failed: ledger.dropped(.forwardFailed).logs,
            logs_dropped_shutdown: ledger.dropped(.shutdown).logs, logs_dropped_spool_damaged: ledger.dropped(.spoolDamaged).logs,
            logs_dropped_purged: ledger.dropped(.purged).logs,
            connections: UInt64(connections), frames_rejected: framesRejected,
            submits_accepted: submissions?.accepted ?? 0, submits_refused: submissions?.refused ?? 0,
            submits_waiting: submissions?.waiting ?? 0,
            logs_dropped_filtered: ledger.dropped(.filtered).logs)
    }
}
