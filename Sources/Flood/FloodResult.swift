import Histogram

/// What one flood found out.
public struct FloodResult: Sendable {
    /// Of the first destination, as all that follows and tells of deliveries.
    public var evidence: Evidence
    /// nil when a running daemon was flooded: only its owner knows what arrived.
    public var verdict: Verdict?
    /// From the first message to the last one written.
    public var sendSeconds: Double
    /// From the first message to the last arrival at the sink.
    public var deliverySeconds: Double
    /// From SIGTERM to the daemon's end.
    public var drainSeconds: Double
    /// User and system time of the daemon.
    public var processorSeconds: Double
    /// What of it belongs to the daemon's start, before the first message; nil where daemons were killed.
    public var processorSecondsAtStart: Double?
    /// What of it was spent while the clients sent; nil where daemons were killed.
    public var processorSecondsSending: Double?
    public var contextSwitches: Int
    var figures = ProcessFigures()
    /// Of a daemon of the flood's own: where it delivered to.
    public var reporters: [SinkConfiguration.Reporter] = []
    /// The destinations after the first.
    public var others: [DestinationResult] = []
    /// What the daemon wrote on standard error.
    public var messages: [UInt8]
    /// Where all of it still lies, with --keep.
    public var keptDirectory: String?

    public var isGood: Bool { isFirstGood && others.allSatisfy(\.verdict.isGood) }
    private var isFirstGood: Bool { verdict?.isGood ?? (evidence.totals.brokenConnections == 0 && evidence.interruption == nil) }

    public var sentPerSecond: Double { sendSeconds > 0 ? Double(evidence.totals.logs) / sendSeconds : 0 }
    public var deliveredPerSecond: Double { deliverySeconds > 0 ? Double(verdict?.delivered ?? 0) / deliverySeconds : 0 }
    public var megabytesPerSecond: Double { sendSeconds > 0 ? Double(evidence.totals.bytes) / 1e6 / sendSeconds : 0 }
    public var processorSecondsPerMillion: Double {
        evidence.totals.logs > 0 ? processorSeconds / (Double(evidence.totals.logs) / 1e6) : 0
    }
}
