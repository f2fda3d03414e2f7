import Pipeline

/// The two clocks at one moment: the pipeline's, which ends with the process, and the wall's, which arrivals are stored by.
struct JobTime {
    var now: Instant
    /// Nanoseconds since 1970.
    var wall: Int64

    func wall(of instant: Instant) -> Int64 {
        instant <= now
            ? wall.subtractingClamped(now.since(instant).wholeNanoseconds) : wall.subtractingClamped(-instant.since(now).wholeNanoseconds)
    }

    /// Held at the start of the pipeline's clock, and at now: the wall clock may have been set back.
    func instant(of wallTime: Int64) -> Instant { now.advanced(by: .zero - age(of: wallTime)) }

    func age(of wallTime: Int64) -> Duration { .nanoseconds(max(0, wall.subtractingClamped(wallTime))) }
}

extension Int64 {
    fileprivate func subtractingClamped(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
