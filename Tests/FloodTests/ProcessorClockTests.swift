import Glibc
import Testing

@testable import Flood

struct ProcessorClockTests {
    @Test func itRunsWhileTheProcessWorks() throws {
        let before = try #require(ProcessorClock.seconds(of: getpid()))
        var own = timespec()
        repeat { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own) } while Double(own.tv_sec) + Double(own.tv_nsec) / 1e9 < before + 0.001
        let after = try #require(ProcessorClock.seconds(of: getpid()))
        #expect(after >= before + 0.001)
    }

    /// No process has the largest number that there could be (PID_MAX_LIMIT is 2^22).
    @Test func aProcessThatIsNotThereHasNone() { #expect(ProcessorClock.seconds(of: 1 << 24) == nil) }
}
