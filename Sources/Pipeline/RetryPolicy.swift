/// A small seeded generator (SplitMix64, Steele, Lea and Flood 2014): randomness is an argument of the core, so that a run can be repeated.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Exponential backoff with full jitter: before attempt n + 1 a time drawn evenly from zero to `base * 2^(n-1)`, at most `cap`.
/// (Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.)
public struct RetryPolicy: Sendable {
    public var base: Duration
    public var cap: Duration

    public init(base: Duration = .milliseconds(250), cap: Duration = .seconds(30)) {
        self.base = base
        self.cap = cap
    }

    /// `failures`: failed attempts in a row so far, at least 1. The answer is at least 1 ms and, but for a longer `retryAfter`, at most `cap`.
    public func delay(failures: Int, retryAfter: Duration?, using random: inout SeededRandom) -> Duration {
        let exponent = min(max(failures, 1) - 1, 30)
        let (product, overflow) = base.wholeNanoseconds.multipliedReportingOverflow(by: 1 << Int64(exponent))
        let ceiling = overflow ? cap.wholeNanoseconds : min(cap.wholeNanoseconds, product)
        let drawn = Duration.nanoseconds(Int64.random(in: 0...max(ceiling, 0), using: &random))
        return max(drawn, retryAfter ?? .zero, .milliseconds(1))
    }
}
