import Pipeline
import Reporting

/// All figures of a running proxy at one moment: what `/metrics`, `/status` and the final ledger are written from.
public struct Snapshot: Sendable {
    public var ledger: Ledger
    public var ingest: IngestStatistics
    /// What sequence numbers tell of losses.
    public var sequences: SequenceStatistics
    public var deliveries: DeliveryStatistics
    /// Open connections.
    public var connections: Int
    public var connectionsMax: Int
    /// Bytes the ring holds, of `ringBytesMax`.
    public var ringBytes: Int
    public var ringBytesMax: Int
    /// Sessions of which something waits or is under way.
    public var sessions: Int
    public var isReadingPaused: Bool
    /// nil with `--durability memory`.
    public var spool: SpoolStatus?
    /// nil where no program embeds the proxy.
    public var submissions: SubmissionStatistics?
    /// `EventLoop.longestTurn`; nil on a host's loop.
    public var longestTurnSeconds: Double?
    /// Listening and not stopping.
    public var isServing: Bool
    /// The listening socket was passed by a service manager, and outlives the proxy.
    public var isSocketPassed = false
    public var reloads = ReloadStatistics()
    /// Why the destination is known to fail now, without an attempt.
    public var obstacle: String?
    /// Of a file or an HTTP destination.
    public var reporter: ReporterStatistics?
    /// With coderd.
    public var session: AgentAPIStatus?
    /// The loop's time, in nanoseconds, to which times in `session` compare.
    public var clock: UInt64
    public var failuresInARow: Int
    /// Seconds since the destination began to fail; nil while it works.
    public var failingForSeconds: Double?
    /// Nil before the first success.
    public var secondsSinceLastSuccess: Double?
    public var startedAt: WallTime
}

/// How the spool fares.
public struct SpoolStatus: Sendable {
    public var view: SpoolView
    public var statistics: SpoolStatistics
    public var directory: String
    /// nil while it works.
    public var failingForSeconds: Double?
    /// How long the oldest of what waits in it has waited; nil when nothing does.
    public var oldestSeconds: Double?
}
