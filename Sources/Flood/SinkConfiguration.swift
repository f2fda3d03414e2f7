/// How the destination behaves.
public struct SinkConfiguration: Sendable {
    public enum Format: String, Sendable, CaseIterable { case protobuf, ndjson }
    public enum Compression: String, Sendable, CaseIterable { case none, gzip, zstd }

    public var format = Format.protobuf
    public var compression = Compression.none
    /// For this long, from the middle of the run on, every request is answered 503.
    public var outage: Duration?
    /// Logs per second that the sink takes; 0 is no limit.
    public var logsPerSecond = 0
    /// Requests with a longer body (as sent, compressed or not) are answered 413; nil is no limit.
    public var bodyBytesMax: Int?

    public init() {}

    var problem: String? {
        if logsPerSecond < 0 { return "--sink-rate must not be negative" }
        if let bodyBytesMax, bodyBytesMax < 1 { return "--sink-413-over must be at least 1" }
        return nil
    }
}
