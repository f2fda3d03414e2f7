/// How the destination behaves.
public struct SinkConfiguration: Sendable {
    public enum Format: String, Sendable, CaseIterable { case protobuf, ndjson }
    public enum Compression: String, Sendable, CaseIterable { case none, gzip, zstd }

    public enum OTLPProtocol: String, Sendable, CaseIterable { case protobuf = "http/protobuf", json = "http/json" }

    /// Which of the daemon's reporters is flooded through.
    public enum Reporter: String, Sendable, CaseIterable { case http, coder, otlp }

    /// One, or several, each with a sink of its own.
    public var reporters = [Reporter.http]
    public var format = Format.protobuf
    public var compression = Compression.none
    /// Meanwhile every request is answered 503; with `coder` sessions are killed and dials answered 502.
    public var outage: SinkOutage?
    /// Which of several sinks has the outage.
    public var outageOf: Reporter?
    /// Logs per second that the sink takes; 0 is no limit.
    public var logsPerSecond = 0
    /// Requests with a longer body (as sent, compressed or not) are answered 413; nil is no limit.
    public var bodyBytesMax: Int?
    /// With `coder`: how often all sessions are killed while the clients send.
    public var killEvery: Duration?
    /// With `coder`: the program that stands in for coderd (Tests/Interop).
    public var coderStandIn: String?

    /// With `otlp`: form and compression of the requests, and the program that reads them (Tests/Interop/otlp/decoder.py).
    public var otlpProtocol = OTLPProtocol.protobuf
    public var otlpCompression = Compression.none
    public var otlpDecoder: String?

    public init() {}

    /// Whether the sink of `reporter` has the outage.
    func hasOutage(_ reporter: Reporter) -> Bool { outage != nil && reporter == outageOf ?? reporters[0] }

    var problem: String? {
        if reporters.isEmpty || Set(reporters).count < reporters.count { return "--reporter takes http, coder and otlp, each once" }
        if outage == nil, outageOf != nil { return "--outage-of needs --sink-outage" }
        if outage != nil, reporters.count > 1, outageOf == nil { return "--sink-outage of several destinations needs --outage-of" }
        if let outageOf, !reporters.contains(outageOf) { return "--outage-of \(outageOf.rawValue) is none of --reporter" }
        if !reporters.contains(.http) {
            if format != .protobuf { return "--http-format belongs to --reporter http" }
            if compression != .none { return "--http-compression belongs to --reporter http" }
        }
        if !reporters.contains(.otlp), otlpProtocol != .protobuf || otlpCompression != .none || otlpDecoder != nil {
            return "--otlp-protocol, --otlp-compression and --otlp-decoder belong to --reporter otlp"
        }
        if reporters.contains(.otlp) {
            if otlpCompression == .zstd { return "--otlp-compression is none or gzip" }
            if otlpDecoder == nil { return "--reporter otlp needs the decoder of OTLP (scripts/otlp-python --decoder)" }
        }
        if !reporters.contains(.coder) {
            if killEvery != nil { return "--sink-kill-every kills the sessions of the agent API: it needs --reporter coder" }
            if coderStandIn != nil { return "--coder-stand-in is the sink of --reporter coder" }
        } else {
            if bodyBytesMax != nil, reporters == [.coder] { return "--sink-413-over belongs to --reporter http: the agent API knows no such answer" }
            if outage == .whileSending, hasOutage(.coder) { return "--sink-outage all belongs to --reporter http" }
            if coderStandIn == nil { return "--reporter coder needs the stand-in for coderd (scripts/stand-in)" }
            if let killEvery, killEvery < .milliseconds(1) { return "--sink-kill-every must be at least 1ms" }
        }
        if logsPerSecond < 0 { return "--sink-rate must not be negative" }
        if let bodyBytesMax, bodyBytesMax < 1 { return "--sink-413-over must be at least 1" }
        return nil
    }
}
