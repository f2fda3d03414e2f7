/// Everything that shapes one flood. Defaults give 1,000,000 logs over 8 connections at full speed.
public struct FloodConfiguration: Sendable {
    /// Which client the flood imitates: old ones send tag 1, those of today tag 2.
    public enum Tags: String, Sendable, CaseIterable { case logs = "1", message = "2", mixed }

    public var tags = Tags.message
    public var logsPerMessage = 10
    /// 2: header and payload in a write each, as boundary does. 1: both together.
    public var writesPerFrame = 2
    /// More than 1: so many whole frames are laid into one write, as no boundary does. A kernel call costs a client more than the frame that it carries,
    /// so that this shows what a daemon can take where boundary's writes show what the clients can send.
    public var framesPerWrite = 1
    public var connections = 8
    /// Messages in all; nil means as many as make 1,000,000 logs, or no bound when `duration` or a number of kills is given.
    public var messages: Int?
    public var duration: Duration?
    /// Logs per second over all connections; 0 is full speed.
    public var logsPerSecond = 0
    /// The default makes a frame of ten logs about 1,224 bytes long.
    public var urlBytes = FloodConfiguration.urlBytesDefault
    /// Share of malformed frames among all frames, 0 to 100.
    public var badPercent = 0.0
    /// Messages after which a client ends like a boundary that exits, and a new one with a new session takes its place; 0 is never.
    public var reconnectEvery = 0
    /// Messages after which a client reports one dropped log in a BoundaryStatus (tag 2 only); 0 is never.
    public var statusEvery = 0
    public var seed: UInt64 = 1

    public var sink = SinkConfiguration()
    /// Of the daemon that the flood starts.
    public var durability = DurabilityConfiguration()
    /// nil: nobody kills it.
    public var crashes: CrashConfiguration?

    public static let urlBytesDefault = 71
    public static let logsDefault = 1_000_000
    static let writeBytesMax = 1 << 20

    public init() {}

    /// Messages to send, or nil when only the duration or the number of kills ends the run.
    public var messagesMax: Int? {
        if let messages { return messages }
        if duration != nil || crashes?.count != nil { return nil }
        return (Self.logsDefault + logsPerMessage - 1) / logsPerMessage
    }

    /// What is wrong with the values, in words for the user; nil when all is well.
    public var problem: String? {
        if logsPerMessage < 1 { return "--logs-per-message must be at least 1" }
        if !(1...2).contains(writesPerFrame) { return "--writes must be 1 or 2" }
        if connections < 1 { return "--connections must be at least 1" }
        if let messages, messages < 1 { return "--messages must be at least 1" }
        if logsPerSecond < 0 { return "--rate must not be negative" }
        if urlBytes < RequestVariants.urlBytesMin { return "--url-bytes must be at least \(RequestVariants.urlBytesMin)" }
        if !(0..<100).contains(badPercent) { return "--bad must be at least 0 and below 100" }
        if reconnectEvery < 0 { return "--reconnect-every must not be negative" }
        if statusEvery < 0 { return "--status-every must not be negative" }
        if urlBytes > MessageEncoder.payloadBytesMax || logsPerMessage > MessageEncoder.payloadBytesMax
            || MessageEncoder(urlBytes: urlBytes, seed: seed).payloadBytesMax(logs: logsPerMessage) > MessageEncoder.payloadBytesMax {
            return "\(logsPerMessage) logs with URLs of \(urlBytes) bytes do not fit into one message (32768 bytes)"
        }
        if framesPerWrite < 1 { return "--frames-per-write must be at least 1" }
        if framesPerWrite > 1 {
            if writesPerFrame != 1 { return "--frames-per-write needs --writes 1" }
            if badPercent > 0 || statusEvery > 0 || crashes != nil { return "--frames-per-write goes with neither --bad nor --status-every nor --crash-every" }
            if framesPerWrite > Self.writeBytesMax / MessageEncoder(urlBytes: urlBytes, seed: seed).payloadBytesMax(logs: logsPerMessage) {
                return "--frames-per-write: \(framesPerWrite) messages do not fit into 1 MiB"
            }
        }
        if crashes != nil, sink.reporters.contains(.coder) {
            return "--crash-every goes with --reporter http, otlp or both: only their sinks know by which request a log came"
        }
        return sink.problem ?? durability.problem ?? crashes?.problem
    }
}
