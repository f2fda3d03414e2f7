import Wire

/// Why a frame, or the rest of a connection, was rejected. The raw values are the `reason` labels of the metrics.
public enum RejectionReason: String, Sendable, CaseIterable {
    /// An unknown tag: the connection was closed.
    case unknownTag = "unknown_tag"
    /// A length over 32768: the connection was closed.
    case tooLong = "too_long"
    /// The end of the connection inside a frame.
    case truncatedFrame = "truncated_frame"
    /// A frame that was begun and not complete within `frame-timeout`: the connection was closed.
    case frameTimeout = "frame_timeout"
    /// Not valid protobuf: the frame was passed over.
    case invalidProtobuf = "invalid_protobuf"
}

/// What the socket brought. Counters only grow; they start at zero with the process.
public struct IngestStatistics: Equatable, Sendable {
    /// Whole frames, good and bad.
    public internal(set) var frames: UInt64 = 0
    /// Bytes read from clients.
    public internal(set) var bytes: UInt64 = 0
    /// Valid frames without a log: an empty message, or a status.
    public internal(set) var framesWithoutLogs: UInt64 = 0
    public internal(set) var unknownTag: UInt64 = 0
    public internal(set) var tooLong: UInt64 = 0
    public internal(set) var truncatedFrame: UInt64 = 0
    public internal(set) var frameTimeout: UInt64 = 0
    public internal(set) var invalidProtobuf: UInt64 = 0
    /// Logs that clients say they dropped themselves (BoundaryStatus).
    public internal(set) var clientDroppedChannelFull: UInt64 = 0
    public internal(set) var clientDroppedBatchFull: UInt64 = 0
    public internal(set) var connections: UInt64 = 0
    /// Connections over `connections-max`, closed at once.
    public internal(set) var connectionsRefused: UInt64 = 0
    /// Connections closed at once because of `allow-uid` and `allow-gid`.
    public internal(set) var connectionsNotAllowed: UInt64 = 0
    /// Connections closed at once because the process had no descriptor for them.
    public internal(set) var connectionsWithoutDescriptor: UInt64 = 0
    /// Connections closed by `connection-idle-timeout`.
    public internal(set) var connectionsIdleClosed: UInt64 = 0
    /// Times that reading stopped because the ring was full (`--overflow block`).
    public internal(set) var pauses: UInt64 = 0
    /// Times that the reading of one connection paused (`client-rate-limit`).
    public internal(set) var rateLimitPauses: UInt64 = 0

    public init() {}

    public func rejected(_ reason: RejectionReason) -> UInt64 {
        switch reason {
        case .unknownTag: unknownTag
        case .tooLong: tooLong
        case .truncatedFrame: truncatedFrame
        case .frameTimeout: frameTimeout
        case .invalidProtobuf: invalidProtobuf
        }
    }
}
