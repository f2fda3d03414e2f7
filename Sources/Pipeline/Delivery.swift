/// What a destination is asked to take at once: batches in order, and nothing that another delivery holds.
public struct Delivery {
    /// Grows by one for each delivery of a destination; the same for every attempt at it.
    public var number: UInt64
    /// Unique to this delivery over processes and restarts, the same on every retry: the Idempotency-Key.
    public var key: String
    /// Runs of one session each; several sessions only if the destination mixes them (`ReporterTraits.mixesSessions`).
    /// The pieces stay where they are, in the ring, until the delivery is settled.
    public var batches: [Batch]
    /// Only these logs of the one batch (`batches.count` is 1 then): what splitting after "too large" comes down to. nil: all.
    public var logs: Range<Int>?
    public var logCount: Int
    /// 1 for the first attempt.
    public var attempt: Int
}

/// How an attempt ended.
public enum DeliveryOutcome: Sendable {
    /// Acknowledged.
    case delivered
    /// Acknowledged but for `rejected` logs, which the destination refuses for good, dropped as `forward_failed`, and `filtered` ones, which the configuration
    /// keeps from it, counted as `filtered`. `reason`: what the destination said of it.
    case partly(rejected: Int, filtered: Int, reason: String?)
    /// May succeed later: the delivery stays first in line. `retryAfter` is the destination's own wish and overrides the backoff when longer.
    case transient(reason: String, retryAfter: Duration?)
    /// The destination refuses this delivery for good: dropped as `forward_failed`.
    case rejected(reason: String)
    /// Too large for the destination: split in halves; a single log that is too large is dropped as `forward_failed`.
    case tooLarge(reason: String)
}
