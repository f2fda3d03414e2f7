import EventLoop
import Pipeline
import Reporting
import Testing

@Suite(.timeLimit(.minutes(1))) struct DiscardReporterTests {
    private func close(_ reporter: DiscardReporter, _ loop: EventLoop) {
        var isClosed = false
        reporter.close { isClosed = true }
        #expect(!isClosed, "closed inside close")
        loop.run(until: { isClosed })
    }

    @Test func everythingCountsAsDelivered() throws {
        try withLoop { loop in
            let reporter = DiscardReporter(loop)
            let fixture = DeliveryFixture()
            var delivered = 0
            for round in 1...2 {
                for _ in 0..<3 { reporter.send(fixture.delivery(batches: [2, 3], session: "s")) { if $0.isDelivered { delivered += 1 } } }
                #expect(delivered == 3 * (round - 1), "completed inside send")
                loop.run(until: { delivered == 3 * round })
            }
            let bytes = fixture.delivery(batches: [2, 3], session: "s").batches.reduce(0) { $0 + $1.request.count }
            #expect(reporter.statistics.attempts == 6 && reporter.statistics.failures == 0 && reporter.statistics.bodyBytes == UInt64(6 * bytes))
            close(reporter, loop)
        }
    }

    @Test func closingGivesUpWhatIsUnderWay() throws {
        try withLoop { loop in
            let reporter = DiscardReporter(loop)
            let fixture = DeliveryFixture()
            var outcome: DeliveryOutcome?
            reporter.send(fixture.delivery()) { outcome = $0 }
            close(reporter, loop)
            #expect(outcome?.isTransient == true && reporter.statistics.failures == 1)
        }
    }
}
