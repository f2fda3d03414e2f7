import Testing

@testable import Flood

struct PacerTests {
    @Test func spacesMessagesEvenly() {
        var pacer = Pacer(logsPerSecond: 1000, now: 5_000)
        var due: [UInt64] = []
        for _ in 0..<4 {
            due.append(pacer.nextDue)
            pacer.tookLogs(10)
        }
        #expect(due == [5_000, 10_005_000, 20_005_000, 30_005_000])
    }

    @Test func aSenderThatWasHeldUpCatchesUp() {
        var pacer = Pacer(logsPerSecond: 20_000, now: 0)
        // Nothing could be sent for two seconds; then all that was due is.
        let now: UInt64 = 2_000_000_000
        var sent = 0
        while pacer.nextDue <= now {
            pacer.tookLogs(10)
            sent += 10
        }
        #expect(sent == 40_010)
    }

    @Test func theMeanRateHoldsForAnHour() {
        var pacer = Pacer(logsPerSecond: 333_333, now: 0)
        for _ in 0..<3600 { pacer.tookLogs(333_333) }
        #expect(abs(Int64(pacer.nextDue) - 3_600_000_000_000) < 10)
    }

    @Test func withoutARateAllIsDueAtOnce() {
        var pacer = Pacer(logsPerSecond: 0, now: 77)
        pacer.tookLogs(1_000_000)
        #expect(pacer.nextDue == 77)
    }
}
