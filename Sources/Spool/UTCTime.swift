internal import Glibc

/// Moments of the wall clock, in nanoseconds since 1970-01-01T00:00:00Z.
enum UTCTime {
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Fit for a file's name, and sorted as time is: `20260131T235959Z`.
    static func compact(_ unixNanoseconds: Int64) -> String { format(unixNanoseconds, "%Y%m%dT%H%M%SZ") }

    /// `2026-01-31T23:59:59Z`.
    static func text(_ unixNanoseconds: Int64) -> String { format(unixNanoseconds, "%Y-%m-%dT%H:%M:%SZ") }

    private static func format(_ unixNanoseconds: Int64, _ pattern: String) -> String {
        var seconds = time_t(unixNanoseconds / 1_000_000_000)
        var parts = tm()
        guard gmtime_r(&seconds, &parts) != nil else { return "\(seconds)" }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            strftime(buffer.baseAddress!, buffer.count, pattern, &parts) > 0 ? String(cString: buffer.baseAddress!) : "\(seconds)"
        }
    }
}
