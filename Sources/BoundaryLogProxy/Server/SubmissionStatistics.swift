/// What the embedding program submitted.
public struct SubmissionStatistics: Sendable, Equatable {
    /// Frames taken; this and the next only grow.
    public internal(set) var accepted: UInt64 = 0
    /// Frames refused because the queue was full.
    public internal(set) var refused: UInt64 = 0
    /// Accepted, and not yet counted as received.
    public internal(set) var waiting: UInt64 = 0
    /// Memory for those, of `bytesMax`.
    public internal(set) var bytesWaiting = 0
    public let bytesMax: Int

    init(bytesMax: Int) { self.bytesMax = bytesMax }
}
