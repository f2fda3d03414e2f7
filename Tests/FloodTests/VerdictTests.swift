import Testing

@testable import Flood

/// A verdict is worth what it finds: every kind of fault is planted once.
struct VerdictTests {
    @Test func aFaultlessRunIsGood() {
        let verdict = Verdict(EvidenceFixture().evidence)
        #expect(verdict.isGood, "\(verdict.failures)")
        #expect(verdict.sent == 300)
        #expect(verdict.delivered == 300)
        #expect(verdict.lost == 0)
    }

    @Test func dropsThatTheDaemonCountedAreNoFailure() {
        var fixture = EvidenceFixture()
        fixture.withhold = [(1, 40..<60)]
        fixture.ledger["logs_delivered"] = 280
        fixture.ledger["logs_dropped_buffer_full"] = 20
        fixture.exitCode = 3
        let verdict = Verdict(fixture.evidence)
        #expect(verdict.isGood, "\(verdict.failures)")
        #expect(verdict.dropped == ["buffer_full": 20])
        #expect(verdict.lost == 0)
    }

    @Test func aLossIsFound() {
        var fixture = EvidenceFixture()
        fixture.withhold = [(2, 7..<8)]
        let verdict = Verdict(fixture.evidence)
        #expect(verdict.lost == 1)
        #expect(!verdict.isGood)
        #expect(verdict.failures.contains { $0.contains("lacks 7...7") })
    }

    @Test func aLossIsFoundBehindADuplicate() {
        // The totals are right: only the sequence numbers tell.
        var fixture = EvidenceFixture()
        fixture.withhold = [(2, 99..<100)]
        fixture.extra = [(0, 5)]
        let verdict = Verdict(fixture.evidence)
        #expect(verdict.lost == 1)
        #expect(verdict.duplicated == 1)
        #expect(!verdict.isGood)
    }

    @Test func aDuplicateIsFound() {
        var fixture = EvidenceFixture()
        fixture.extra = [(0, 5)]
        fixture.ledger["logs_delivered"] = 301
        let verdict = Verdict(fixture.evidence)
        #expect(verdict.duplicated == 1)
        #expect(!verdict.isGood)
    }

    /// Six logs twice, and what the sink says about them.
    private func verdict(kills: Int, inFlight: Int, delivered: Int = 300) -> Verdict {
        var fixture = EvidenceFixture()
        fixture.extra = (Int32(5)..<11).map { (0, $0) }
        fixture.ledger["logs_delivered"] = delivered
        fixture.coder = CoderRecord(sessions: kills + 1, kills: kills, callsInFlightAtKills: kills, logsInFlightAtKills: 10, duplicatesInFlight: inFlight)
        return Verdict(fixture.evidence)
    }

    @Test func duplicatesOfCallsInFlightAtAKillAreTolerated() {
        let verdict = verdict(kills: 2, inFlight: 6)
        #expect(verdict.isGood, "\(verdict.failures)")
        #expect(verdict.duplicated == 6)
        #expect(verdict.duplicatedInFlight == 6)
    }

    @Test func anyOtherDuplicateIsFound() {
        let one = verdict(kills: 2, inFlight: 5, delivered: 301)
        #expect(one.failures.first == "1 logs arrived twice and were not in flight when a session was killed")
        // Without a kill nothing explains a duplicate: the sink's word on calls in flight is about sessions that the daemon ended.
        let unkilled = verdict(kills: 0, inFlight: 6, delivered: 306)
        #expect(unkilled.failures.first == "6 logs arrived twice")
        #expect(unkilled.duplicatedInFlight == 0)
    }

    @Test func aDaemonThatCountsAnArrivalTwiceIsFound() {
        #expect(verdict(kills: 2, inFlight: 6, delivered: 306).failures.first == "the daemon's ledger has 306 logs delivered, but 300 arrived")
    }

    @Test func whatAClientOfCoderdMustNotDoIsFound() {
        var fixture = EvidenceFixture()
        fixture.coder = CoderRecord(sessions: 1)
        #expect(Verdict(fixture.evidence).isGood)
        fixture.coder?.violations = ["dial: no role": 3]
        #expect(Verdict(fixture.evidence).failures == ["the daemon did what a client of coderd must not do, 3 times: dial: no role"])
        fixture.coder = CoderRecord(failure: "it ended")
        #expect(Verdict(fixture.evidence).failures == ["the stand-in for coderd failed: it ended"])
    }

    @Test func aReorderIsFound() {
        var fixture = EvidenceFixture()
        fixture.swap = (1, 10, 11)
        let verdict = Verdict(fixture.evidence)
        #expect(verdict.outOfOrder == 1)
        #expect(verdict.lost == 0)
        #expect(!verdict.isGood)
    }

    @Test func aLogOfARejectedFrameIsFound() {
        var fixture = EvidenceFixture()
        fixture.extra = [(0, BadFrame.firstSequence)]
        let verdict = Verdict(fixture.evidence)
        #expect(verdict.foreign == 1)
        #expect(!verdict.isGood)
    }

    @Test func aLogBeyondWhatWasSentIsFound() {
        var fixture = EvidenceFixture()
        fixture.extra = [(0, 100)]
        let verdict = Verdict(fixture.evidence)
        #expect(verdict.foreign == 1)
        #expect(!verdict.isGood)
    }

    @Test(arguments: [
        ("logs_received", 299), ("logs_delivered", 299), ("logs_waiting", 1), ("logs_in_flight", 1), ("logs_dropped_buffer_full", 1),
        ("batches_received", 29), ("client_dropped_channel_full", 1),
    ])
    func aWrongLedgerIsFound(name: String, value: Int) {
        var fixture = EvidenceFixture()
        fixture.ledger[name] = value
        #expect(!Verdict(fixture.evidence).isGood)
    }

    @Test func aDaemonThatCountsADropTooManyIsFound() {
        var fixture = EvidenceFixture()
        fixture.withhold = [(1, 40..<60)]
        fixture.ledger["logs_delivered"] = 279
        fixture.ledger["logs_dropped_buffer_full"] = 21
        fixture.exitCode = 3
        let verdict = Verdict(fixture.evidence)
        #expect(verdict.lost == -1)
        #expect(!verdict.isGood)
    }

    @Test func aMissingLedgerAWrongExitCodeAndACrashAreFound() {
        var fixture = EvidenceFixture()
        fixture.hasLedger = false
        #expect(!Verdict(fixture.evidence).isGood)
        fixture = EvidenceFixture()
        fixture.exitCode = 3
        #expect(!Verdict(fixture.evidence).isGood)
        fixture.exitCode = nil
        #expect(!Verdict(fixture.evidence).isGood)
        fixture = EvidenceFixture()
        fixture.interruption = "the daemon ended in the middle of the flood"
        #expect(!Verdict(fixture.evidence).isGood)
        fixture = EvidenceFixture()
        fixture.brokenConnections = 1
        #expect(!Verdict(fixture.evidence).isGood)
    }
}
