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
