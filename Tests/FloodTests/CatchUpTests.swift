import Testing

@testable import Flood

struct CatchUpTests {
    private static let millisecond: UInt64 = 1_000_000

    /// Sent and arrived, in milliseconds; the outage ended at 1000, and 100 ms were usual before.
    private func catchUp(_ logs: [(sent: UInt64, arrived: UInt64)], usual: UInt64? = 100_000) -> CatchUp {
        var catchUp = CatchUp(outageEnd: 1000 * Self.millisecond, usualLatencyMax: usual)
        for log in logs {
            catchUp.note(time: log.sent * Self.millisecond, arrival: log.arrived * Self.millisecond, microseconds: (log.arrived - log.sent) * 1000)
        }
        catchUp.finish()
        return catchUp
    }

    @Test func theBacklogIsWhatWasSentBeforeTheEnd() {
        let catchUp = catchUp([(200, 1300), (1000, 1500), (1001, 1600), (1650, 1700)])
        #expect(catchUp.backlogSeconds == 0.5)
        #expect(self.catchUp([(1100, 1150)]).backlogSeconds == nil)
    }

    @Test func latencyIsUsualWhenAWholeIntervalHasNoLateLog() {
        // The interval that begins at 1500 has a late log, the one at 1610 has none.
        #expect(catchUp([(200, 1300), (1480, 1500), (1400, 1550), (1600, 1610), (1660, 1700), (1800, 1820)]).usualSeconds == 0.61)
        #expect(catchUp([(200, 1300), (300, 1400)]).usualSeconds == nil)
        #expect(catchUp([(200, 1300)], usual: nil).usualSeconds == nil)
    }
}
