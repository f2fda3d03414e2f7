/// What a session may do at most, and how long it waits.
public struct AgentSessionLimits: Sendable {
    /// Calls, and so streams, at once: 1 to 256, which is what the reference server lets wait to be accepted. Other values are taken as the
    /// nearest of these.
    public var callsInFlightMax = 1
    /// From the beginning of a call to its answer.
    public var callTimeout: Duration = .seconds(30)
    /// Between our keep-alive pings.
    public var pingInterval: Duration = .seconds(30)
    /// Without an answer to a ping for this long the session is lost.
    public var pingTimeout: Duration = .seconds(10)

    public init() {}
}
