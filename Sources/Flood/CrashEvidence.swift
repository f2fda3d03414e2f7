/// What is known of the kills of a run.
public struct CrashEvidence: Equatable, Sendable {
    public var promise: CrashPromise
    /// Monotonic nanoseconds, ascending.
    public var kills: [UInt64]
    /// Logs that the killed processes had dropped when they were last asked, by reason. Their ledgers died with them.
    public var droppedByKilled: [String: Int]

    public init(promise: CrashPromise, kills: [UInt64], droppedByKilled: [String: Int] = [:]) {
        self.promise = promise
        self.kills = kills
        self.droppedByKilled = droppedByKilled
    }
}
