import Pipeline
import Wire

/// A row of the model's spool.
final class ModelRow {
    /// Free rows go in this order.
    let id: Int
    /// Where its claim stands, when a process after this one takes it up: the parts of a delivery that was split have one number.
    var place = (claim: 0, logsBefore: 0)
    var isPart = false
    /// The key that would outlive the process.
    var claim: String?
    /// The delivery of the running process that has it.
    var holder: String?
    var isFree: Bool { holder == nil && claim == nil }
    let session: Int
    let bytes: [UInt8]
    let batchBytes: [Int]
    let logs: [LogRange]
    let tally: Tally
    let oldest: Instant
    let footprint: Int

    init(_ run: SpoolRun, id: Int) throws(Violation) {
        var bytes: [UInt8] = []
        var batchBytes: [Int] = []
        var oldest = Instant(nanoseconds: .max)
        for batch in run.batches {
            let before = bytes.count
            if let logs = run.logs {
                for piece in RequestSlice.pieces(of: batch.request.bytes, logs: logs) { bytes += batch.request[piece] }
            } else {
                bytes += batch.request
            }
            batchBytes.append(bytes.count - before)
            oldest = min(oldest, batch.arrived)
        }
        guard let logs = LogRange.all(of: run.batches, logs: run.logs), let session = logs.first?.session else {
            throw Violation("a run of the spool is not what was received")
        }
        try require(logs.allSatisfy { $0.session == session }, "a run of the spool holds several sessions")
        try require(logs.logCount == run.logCount, "a run of \(logs.logCount) logs counts \(run.logCount)")
        self.id = id
        (claim, holder) = (run.key, run.key)
        (self.session, self.bytes, self.batchBytes, self.logs, self.oldest) = (session, bytes, batchBytes, logs, oldest)
        tally = Tally(logs: UInt64(run.logCount), batches: UInt64(run.batches.count))
        footprint = SpoolRun.footprint(ofBytes: bytes.count)
    }
}
