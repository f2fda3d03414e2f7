/// How configurations that were read anew fared.
public struct ReloadStatistics: Sendable, Equatable {
    public var applied: UInt64 = 0
    /// Those that were invalid, or could not be applied: nothing was changed.
    public var failed: UInt64 = 0
    public var hasLastFailed = false
    /// Options whose change, as of the last that was applied, needs a restart.
    public var waitingForRestart: [String] = []

    public init() {}
}
