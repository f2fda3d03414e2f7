/// Spaces messages evenly at a rate of logs per second. It owns no clock: `now` is monotonic nanoseconds. A sender that was held
/// up (a full socket) catches up, so that the mean rate holds.
struct Pacer: Sendable {
    private let nanosecondsPerLog: Double
    private let start: UInt64
    private var logs = 0

    /// `logsPerSecond` 0: everything is due at once.
    init(logsPerSecond: Int, now: UInt64) {
        nanosecondsPerLog = logsPerSecond == 0 ? 0 : 1e9 / Double(logsPerSecond)
        start = now
    }

    /// When the next message is due.
    var nextDue: UInt64 { start + UInt64(Double(logs) * nanosecondsPerLog) }

    mutating func tookLogs(_ count: Int) { logs += count }
}
