import Pipeline
import Reporting

/// All figures of a running proxy at one moment: what `/metrics`, `/status` and the final ledger are written from.
public struct Snapshot: Sendable {
    /// In the order of the configuration; at least one.
    public var destinations: [DestinationStatus]
    public var ingest: IngestStatistics
    /// What sequence numbers tell of losses.
    public var sequences: SequenceStatistics
    /// Open connections.
    public var connections: Int
    public var connectionsMax: Int
    /// Bytes the ring holds, of `ringBytesMax`.
    public var ringBytes: Int
    public var ringBytesMax: Int
    public var isReadingPaused: Bool
    /// Connections whose reading is paused by `client-rate-limit`.
    public var connectionsRateLimited: Int
    /// nil where no program embeds the proxy.
    public var submissions: SubmissionStatistics?
    /// nil without a status listener.
    public var streams: StreamStatistics?
    /// What became of the logs that came while somebody followed them on `/events`.
    var tap: TapCounts
    /// `EventLoop.longestTurn`; nil on a host's loop.
    public var longestTurnSeconds: Double?
    /// Listening and not stopping.
    public var isServing: Bool
    /// The listening socket was passed by a service manager, and outlives the proxy.
    public var isSocketPassed = false
    public var reloads = ReloadStatistics()
    /// The loop's time, in nanoseconds, to which times of a session with coderd compare.
    public var clock: UInt64
    public var startedAt: WallTime

    /// Of all destinations together: with several each log counts once for each.
    public var ledger: Ledger { destinations.dropFirst().reduce(destinations[0].ledger) { $0 + $1.ledger } }
}

/// All figures of one destination.
public struct DestinationStatus: Sendable {
    /// As `--reporter` names it.
    public var name: String
    public var ledger: Ledger
    public var deliveries: DeliveryStatistics
    /// Bytes of the ring that it keeps in use.
    public var ringBytes: Int
    /// Sessions of which something waits or is under way.
    public var sessions: Int
    /// nil with `--durability memory`.
    public var spool: SpoolStatus?
    /// Why it is known to fail now, without an attempt.
    public var obstacle: String?
    /// Of a file or an HTTP destination.
    public var reporter: ReporterStatistics?
    /// With coderd.
    public var session: AgentAPIStatus?
    public var failuresInARow: Int
    /// Seconds since it began to fail; nil while it works.
    public var failingForSeconds: Double?
    /// Nil before the first success.
    public var secondsSinceLastSuccess: Double?

    /// Why nothing is delivered now, as far as it is known; nil while all is well.
    public var trouble: String? { obstacle ?? (deliveries.isFailing ? deliveries.lastError ?? "unknown error" : nil) }
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
