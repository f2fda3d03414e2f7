/// One thing that is measured, the same work in every round: in time (`boundary-bench`), in instructions and in heap allocations (`scripts/instructions`).
public struct BenchmarkCase: Sendable {
    public let name: String
    /// What the figures are for, in the singular: `log`, `frame`, `batch`.
    public let operation: String
    /// How many of those one round does.
    public let operationsPerRound: Int
    /// Rounds for a count of instructions: some twenty million of them.
    public let rounds: Int
    let prepare: @Sendable () -> any BenchmarkRun

    /// Prepares the work anew.
    public func start() -> any BenchmarkRun { prepare() }

    public static let all = wire + pipeline + [agentAPI, spool]
}

/// Work that is ready to be measured. All that is made once is made before the first round.
public protocol BenchmarkRun: AnyObject {
    func round()
}
