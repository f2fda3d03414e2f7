import Pipeline

/// How attempts at deliveries ended, and how long they took. Counters only grow.
public struct DeliveryStatistics: Sendable {
    public internal(set) var delivered: UInt64 = 0
    public internal(set) var transient: UInt64 = 0
    public internal(set) var rejected: UInt64 = 0
    public internal(set) var tooLarge: UInt64 = 0
    /// What the last attempt that failed said; stays when the destination works again.
    public internal(set) var lastError: String?
    public internal(set) var lastSuccess: Instant?
    /// The last attempt that was settled failed, or its logs were refused for good. Not so while a delivery that was too large is halved.
    public internal(set) var isFailing = false

    /// Upper bounds of the duration histogram, in seconds; one more bucket holds what is longer.
    public static let durationBounds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    /// Attempts by duration, not cumulated.
    public internal(set) var durationCounts = [UInt64](repeating: 0, count: durationBounds.count + 1)
    public internal(set) var durationSum: Double = 0

    mutating func record(_ settlement: Forwarder.Settlement) {
        switch settlement {
        case .delivered, .partlyRefused: isFailing = false
        case .willRetry, .dropped: isFailing = true
        case .split: break
        }
    }

    mutating func record(_ outcome: DeliveryOutcome, duration: Duration, at now: Instant) {
        switch outcome {
        case .delivered:
            delivered += 1
            lastSuccess = now
        case .partly(let refused, _, let reason):
            delivered += 1
            lastSuccess = now
            if refused > 0 { lastError = reason }
        case .transient(let reason, _):
            transient += 1
            lastError = reason
        case .rejected(let reason):
            rejected += 1
            lastError = reason
        case .tooLarge(let reason):
            tooLarge += 1
            lastError = reason
        }
        let seconds = Double(duration.wholeNanoseconds) / 1e9
        durationSum += seconds
        let bucket = Self.durationBounds.firstIndex { seconds <= $0 } ?? Self.durationBounds.count
        durationCounts[bucket] += 1
    }
}
