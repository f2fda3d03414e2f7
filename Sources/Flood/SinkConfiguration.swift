/// How the destination behaves.
public struct SinkConfiguration: Sendable {
    public enum Format: String, Sendable, CaseIterable { case protobuf, ndjson }
    public enum Compression: String, Sendable, CaseIterable { case none, gzip, zstd }

    /// Which of the daemon's reporters is flooded through.
    public enum Reporter: String, Sendable, CaseIterable { case http, coder }

    public var reporter = Reporter.http
    public var format = Format.protobuf
    public var compression = Compression.none
    /// Meanwhile every request is answered 503; with `coder` sessions are killed and dials answered 502.
    public var outage: SinkOutage?
    /// Logs per second that the sink takes; 0 is no limit.
    public var logsPerSecond = 0
    /// Requests with a longer body (as sent, compressed or not) are answered 413; nil is no limit.
    public var bodyBytesMax: Int?
    /// With `coder`: how often all sessions are killed while the clients send.
    public var killEvery: Duration?
    /// With `coder`: the program that stands in for coderd (Tests/Interop).
    public var coderStandIn: String?

    public init() {}

    var problem: String? {
        switch reporter {
        case .http:
            if killEvery != nil { return "--sink-kill-every kills the sessions of the agent API: it needs --reporter coder" }
            if coderStandIn != nil { return "--coder-stand-in is the sink of --reporter coder" }
        case .coder:
            if format != .protobuf { return "--http-format belongs to --reporter http" }
            if compression != .none { return "--http-compression belongs to --reporter http" }
            if bodyBytesMax != nil { return "--sink-413-over belongs to --reporter http: the agent API knows no such answer" }
            if outage == .whileSending { return "--sink-outage all belongs to --reporter http" }
            if coderStandIn == nil { return "--reporter coder needs the stand-in for coderd (scripts/stand-in)" }
            if let killEvery, killEvery < .milliseconds(1) { return "--sink-kill-every must be at least 1ms" }
        }
        if logsPerSecond < 0 { return "--sink-rate must not be negative" }
        if let bodyBytesMax, bodyBytesMax < 1 { return "--sink-413-over must be at least 1" }
        return nil
    }
}
