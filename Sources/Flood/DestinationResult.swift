/// What one flood found out about one of several destinations.
public struct DestinationResult: Sendable {
    public var reporter: SinkConfiguration.Reporter
    public var evidence: Evidence
    public var verdict: Verdict
    /// From the first message to the last arrival at the sink.
    public var deliverySeconds: Double

    public var deliveredPerSecond: Double { deliverySeconds > 0 ? Double(verdict.delivered) / deliverySeconds : 0 }
}
