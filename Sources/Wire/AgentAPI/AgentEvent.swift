/// Names a call; the caller chooses. No two calls in flight may have the same.
public struct CallID: Hashable, Sendable {
    public var number: UInt64

    public init(_ number: UInt64) { self.number = number }
}

/// What a session has to say. Every call that began ends in exactly one `callSucceeded` or `callFailed`.
public enum AgentEvent: Equatable, Sendable {
    /// The server's answer has come.
    case callSucceeded(CallID)
    /// `sent` tells whether the server may have acted on it all the same.
    case callFailed(CallID, CallFailure, sent: CallExtent)
    /// The server takes no new streams: the calls in flight go on, no new ones begin.
    case goAwayReceived
    /// No call can begin any more (`CallRefusal.draining`), and the last one has ended: time to dial anew.
    case drained
    /// The session is over. `callFailed` follows for each call in flight that was not answered.
    case sessionFailed(AgentSessionError)
}

public enum CallFailure: Equatable, Sendable {
    /// The server's error answer. Of the text at most 4096 bytes are kept.
    case rpc(code: UInt64, text: String)
    case timedOut
    case cancelled
    /// The server reset the stream.
    case streamReset
    /// The server closed the stream or the call before it answered: for example a message over 4 MiB.
    case streamClosed
    /// The session failed or its transport ended.
    case sessionEnded
}

/// How much of a request had been written when its call ended, as far as the server is concerned.
public enum CallExtent: Sendable {
    /// Not a byte: the server does not know of the call.
    case nothing
    /// Not all of the message: the server cannot have acted on it.
    case part
    /// The whole message: perhaps delivered.
    case message
}
