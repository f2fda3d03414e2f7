import Glibc

/// The two clocks of a flood, in nanoseconds.
enum SystemClock {
    /// For intervals.
    static var monotonic: UInt64 { read(CLOCK_MONOTONIC) }
    /// Since 1970: what a log's `time` carries from the client to the sink.
    static var wall: UInt64 { read(CLOCK_REALTIME) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

extension Duration {
    /// Whole nanoseconds, at least 0.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return seconds < 0 ? 0 : UInt64(seconds) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
    }
}
