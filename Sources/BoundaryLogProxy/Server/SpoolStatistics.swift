import Pipeline

/// What the spool's jobs did. Counters only grow.
public struct SpoolStatistics: Sendable {
    public internal(set) var jobs: UInt64 = 0
    public internal(set) var jobsFailed: UInt64 = 0
    public internal(set) var runsWritten: UInt64 = 0
    public internal(set) var bytesWritten: UInt64 = 0
    public internal(set) var deliveriesLoaded: UInt64 = 0
    public internal(set) var jobSeconds: Double = 0
    /// Times that a damaged file was moved aside.
    public internal(set) var damagedFiles: UInt64 = 0
    /// What the last job that failed said; stays when the spool works again.
    public internal(set) var lastError: String?

    mutating func record(_ job: SpoolJob, _ result: SpoolResult, nanoseconds: UInt64) {
        jobs += 1
        jobSeconds += Double(nanoseconds) / 1e9
        deliveriesLoaded += UInt64(result.loaded.count)
        if result.movedAside != nil { damagedFiles += 1 }
        if let failure = result.failure {
            jobsFailed += 1
            lastError = failure.text
        } else {
            runsWritten += UInt64(job.runs.count)
            for run in job.runs { bytesWritten += UInt64(run.batches.reduce(0) { $0 + $1.request.count }) }
        }
    }
}
