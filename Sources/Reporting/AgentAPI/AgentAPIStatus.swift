/// A coderd session's state and counters, for status pages and metrics. Counters only grow.
public struct AgentAPIStatus: Sendable, Equatable {
    public init() {}

    public enum State: String, Sendable, CaseIterable {
        /// The connection and the WebSocket are being made.
        case dialing
        case open
        /// coderd takes no new calls; those under way are finished.
        case leaving
        /// Until the next dial.
        case waiting
        case closed
    }

    public internal(set) var state = State.waiting
    /// Since when, in nanoseconds of the loop's clock.
    public internal(set) var stateSince: UInt64 = 0
    /// Until when `waiting` lasts.
    public internal(set) var nextDial: UInt64?
    /// Attempts to open a session.
    public internal(set) var dials: UInt64 = 0
    /// Those that were refused or did not reach coderd.
    public internal(set) var dialsFailed: UInt64 = 0
    /// Sessions opened after the first.
    public internal(set) var reconnects: UInt64 = 0
    public internal(set) var callsSucceeded: UInt64 = 0
    /// By cause.
    public internal(set) var callsFailed: [CallFailureCause: UInt64] = [:]
    /// Failed calls that had been written whole: coderd may have recorded their logs, which are sent again.
    public internal(set) var callsPerhapsDelivered: UInt64 = 0
    public internal(set) var callsInFlight = 0
    /// Bytes inside the WebSocket, headers of yamux and DRPC included.
    public internal(set) var bytesSent: UInt64 = 0
    public internal(set) var bytesReceived: UInt64 = 0
    /// Why the last session, or the last attempt at one, ended; stays when the next one is open.
    public internal(set) var lastError: String?
    /// The API's version that the open session runs with, as `major.minor`.
    public internal(set) var version: String?

    public enum CallFailureCause: String, Sendable, CaseIterable {
        case error, timeout, reset, session
    }

    /// With what an earlier reporter counted; the state is this one's.
    public func adding(_ earlier: AgentAPIStatus) -> AgentAPIStatus {
        var sum = self
        sum.dials += earlier.dials
        sum.dialsFailed += earlier.dialsFailed
        sum.reconnects += earlier.reconnects
        sum.callsSucceeded += earlier.callsSucceeded
        sum.callsFailed.merge(earlier.callsFailed) { $0 + $1 }
        sum.callsPerhapsDelivered += earlier.callsPerhapsDelivered
        sum.callsInFlight += earlier.callsInFlight
        sum.bytesSent += earlier.bytesSent
        sum.bytesReceived += earlier.bytesReceived
        if sum.lastError == nil { sum.lastError = earlier.lastError }
        return sum
    }
}
