/// What the first byte of a frame says of its payload.
public enum FrameTag: UInt8, Sendable {
    /// A bare `ReportBoundaryLogsRequest`, as old clients send it.
    case logs = 1
    /// A `BoundaryMessage`, the envelope of today's clients.
    case message = 2
}
