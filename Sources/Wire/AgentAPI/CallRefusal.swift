/// Why a call cannot begin.
public enum CallRefusal: Error, Equatable, Sendable {
    case sessionEnded
    /// The server went away, or stream ids are used up: finish what is in flight, then dial anew.
    case draining
    /// As many in flight as `AgentSessionLimits.callsInFlightMax`.
    case tooManyCalls
    /// Over `AgentSession.requestBytesMax`, which the server would not take.
    case requestTooLong
}
