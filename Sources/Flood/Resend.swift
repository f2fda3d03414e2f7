/// A request under an Idempotency-Key that the sink had acknowledged before. Times in monotonic nanoseconds.
public struct Resend: Equatable, Sendable {
    /// Of the logs in it, those that had arrived before.
    public var logs: Int
    /// When the last request of that key had come in and been answered, and when this one came in.
    public var formerReceivedAt: UInt64
    public var formerAnsweredAt: UInt64
    public var receivedAt: UInt64
    /// Byte for byte what came under the key before.
    public var isSameContent: Bool
}
