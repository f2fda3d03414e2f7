/// What ends a yamux session: the peer broke the protocol, said that it is over, or is gone.
public enum YamuxError: Error, Equatable, Sendable {
    case unsupportedVersion(UInt8)
    case unknownFrameType(UInt8)
    /// Only we open streams.
    case streamOpenedByPeer(UInt32)
    /// A frame for a stream id that we have not used: an even one, 0, or one above the last.
    case streamNeverOpened(UInt32)
    /// A data frame longer than what is left of the stream's receive window.
    case receiveWindowExceeded(stream: UInt32, length: UInt32, window: UInt32)
    /// A window update that takes our send window over 2³²-1.
    case sendWindowOverflow(stream: UInt32, window: UInt32, increment: UInt32)
    /// More data for streams that are closed than their windows had left when we closed them.
    case tooMuchDataForClosedStreams(stream: UInt32, length: UInt32)
    /// More pings than `AgentSession.pingAnswersMax` while our answers could not leave.
    case tooManyPings
    /// A go away with another code than 0: 1 protocol error, 2 internal error.
    case goAway(code: UInt32)
    case keepAliveTimedOut
}

extension YamuxError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unsupportedVersion(let version): "yamux: version \(version) instead of 0"
        case .unknownFrameType(let type): "yamux: unknown frame type \(type)"
        case .streamOpenedByPeer(let stream): "yamux: the server opened stream \(stream), which only clients do here"
        case .streamNeverOpened(let stream): "yamux: a frame for stream \(stream), which was never opened"
        case .receiveWindowExceeded(let stream, let length, let window):
            "yamux: a data frame of \(length) bytes for stream \(stream), whose window has \(window) left"
        case .sendWindowOverflow(let stream, let window, let increment):
            "yamux: a window update of \(increment) bytes for stream \(stream), on top of \(window), is over 32 bits"
        case .tooMuchDataForClosedStreams(let stream, let length):
            "yamux: a data frame of \(length) bytes for stream \(stream), which is closed, is over what closed streams had left of their windows"
        case .tooManyPings: "yamux: more pings than answers can wait"
        case .goAway(let code):
            switch code {
            case 1: "yamux: the server went away: protocol error"
            case 2: "yamux: the server went away: internal error"
            default: "yamux: the server went away with the unknown code \(code)"
            }
        case .keepAliveTimedOut: "yamux: the server did not answer a ping in time"
        }
    }
}
