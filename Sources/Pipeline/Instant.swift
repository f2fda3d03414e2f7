/// A point on the monotonic clock of whoever drives the pipeline: nanoseconds since an arbitrary start. The core never reads a clock.
public struct Instant: Comparable, Hashable, Sendable {
    public var nanoseconds: UInt64

    @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    @inlinable public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    /// `duration` later (earlier when negative), held within the clock's range.
    public func advanced(by duration: Duration) -> Instant {
        let nanos = duration.wholeNanoseconds
        if nanos >= 0 {
            let (sum, overflow) = nanoseconds.addingReportingOverflow(UInt64(nanos))
            return Instant(nanoseconds: overflow ? .max : sum)
        }
        let back = UInt64(bitPattern: nanos == .min ? .max : -nanos)
        return Instant(nanoseconds: nanoseconds > back ? nanoseconds - back : 0)
    }

    /// How long after `earlier` this is; zero when it is not after.
    public func since(_ earlier: Instant) -> Duration {
        self > earlier ? .nanoseconds(Int64(clamping: nanoseconds - earlier.nanoseconds)) : .zero
    }
}

extension Duration {
    /// Whole nanoseconds, held within Int64 (292 years).
    public var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, overflow2) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow2 ? (seconds < 0 ? .min : .max) : sum
    }
}
