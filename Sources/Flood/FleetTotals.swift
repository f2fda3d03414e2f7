/// What the clients have done so far.
public struct FleetTotals: Equatable, Sendable {
    /// Messages that are wholly in the socket; bad frames and statuses are not among them.
    public var messages = 0
    public var logs = 0
    /// All bytes written, bad frames too.
    public var bytes = 0
    public var statuses = 0
    public var badFrames: [BadFrame: Int] = [:]
    public var connections = 0
    /// Connections that the daemon ended although nothing was wrong with what it was sent.
    public var brokenConnections = 0
    /// Connections that broke because the flood had killed the daemon, and the messages that were under way on them: lost by their clients, not sent.
    public var killedConnections = 0
    public var failedMessages = 0
    /// Writes that found the socket full.
    public var blockedWrites = 0

    public init() {}

    public var badFrameCount: Int { badFrames.values.reduce(0, +) }
}
