import Pipeline

/// All figures of a running proxy at one moment: what `/metrics`, `/status` and the final ledger are written from.
public struct Snapshot: Sendable {
    public var ledger: Ledger
    public var ingest: IngestStatistics
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
    /// Listening and not stopping.
    public var isServing: Bool
    public var failuresInARow: Int
    /// Seconds since the destination began to fail; nil while it works.
    public var failingForSeconds: Double?
    /// Nil before the first success.
    public var secondsSinceLastSuccess: Double?
    public var startedAt: WallTime
}
