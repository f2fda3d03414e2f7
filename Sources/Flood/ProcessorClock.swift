import Glibc

/// The processor time of another process, all of its threads, those that have ended too.
/// https://man7.org/linux/man-pages/man3/clock_getcpuclockid.3.html
enum ProcessorClock {
    /// Seconds since the process began; nil when there is no such process. Exact to the nanosecond, unlike what /proc/PID/stat counts in ticks.
    static func seconds(of processID: pid_t) -> Double? {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(processID, &clock) == 0, clock_gettime(clock, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
