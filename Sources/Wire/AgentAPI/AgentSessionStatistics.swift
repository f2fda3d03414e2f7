/// Totals of one session.
public struct AgentSessionStatistics: Equatable, Sendable {
    public var bytesReceived: UInt64 = 0
    public var bytesSent: UInt64 = 0
    public var callsBegun: UInt64 = 0
    public var callsSucceeded: UInt64 = 0
    public var callsFailed: UInt64 = 0
    public var streamsOpened: UInt64 = 0
    /// Streams reset by us: calls that timed out, were cancelled or were refused before they were all sent.
    public var resetsSent: UInt64 = 0
    public var resetsReceived: UInt64 = 0
    public var pingsSent: UInt64 = 0
    /// Pings of the server.
    public var pingsReceived: UInt64 = 0
    /// Times that the rest of a request had to wait for the server's window.
    public var windowStalls: UInt64 = 0
    /// Data for streams that were closed.
    public var bytesDiscarded: UInt64 = 0

    public init() {}
}
