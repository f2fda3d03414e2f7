import Testing

@testable import Flood

/// What a kill may take and repeat in each durability mode, and everything else. The message written at 3.0 s is number 20: logs 200...209.
struct CrashVerdictTests {
    @Test(arguments: DurabilityConfiguration.Mode.allCases)
    func killsThatTakeNothingAreGood(mode: DurabilityConfiguration.Mode) throws {
        let verdict = CrashFixture(mode: mode).verdict
        #expect(verdict.isGood, "\(verdict.failures)")
        #expect(verdict.sent == 400)
        #expect(verdict.delivered == 400)
        #expect(try #require(verdict.crash).lostWithin == 0)
    }

    /// The windows end 350 ms and 1.25 s before the kill.
    @Test(arguments: [
        (.memory, 0..<210, 0), (.spill, 80..<210, 0), (.spill, 70..<210, 10), (.sync, 170..<210, 0), (.sync, 160..<210, 10), (.spill, 210..<211, 1), (.memory, 399..<400, 1),
    ] as [(DurabilityConfiguration.Mode, Range<Int32>, Int)])
    func whatAKillMayTake(mode: DurabilityConfiguration.Mode, missing: Range<Int32>, beyond: Int) throws {
        let verdict = CrashFixture(mode: mode, missing: Set(missing)).verdict
        #expect(verdict.lost == missing.count)
        #expect(verdict.lostBeyondPromise == beyond)
        #expect(try #require(verdict.crash).lostYoung == missing.count - beyond)
        #expect(verdict.isGood == (beyond == 0), "\(verdict.failures)")
    }

    @Test func aLossBeyondThePromiseIsNamed() throws {
        let verdict = CrashFixture(missing: [73, 74]).verdict
        let failure = try #require(verdict.failures.first)
        #expect(failure.hasPrefix("2 logs are lost beyond the promise: session "))
        #expect(failure.hasSuffix("lacks 73...74, written 1.35 s before kill 1"))
        // One run over messages.
        let run = CrashFixture(missing: Set(45..<73)).verdict
        #expect(run.crash?.examples.map(\.sequences) == [45...72])
        let last = try #require(CrashFixture(missing: [211]).verdict.failures.first)
        #expect(last.hasSuffix("lacks 211...211, written after the last kill"))
    }

    @Test func theFirstKillAfterTheWriteCounts() {
        // Young at the second kill, but the first one is long past, and what was spooled by then has to survive the second too.
        let fixture = CrashFixture(kills: [3.05, 3.15, 4.95], missing: [205, 215, 225])
        #expect(fixture.verdict.lostBeyondPromise == 1)
    }

    @Test func spoolAfterMovesTheWindow() {
        var fixture = CrashFixture(spoolAfter: .milliseconds(100), missing: [170, 171])
        #expect(fixture.verdict.isGood)
        fixture.missing = [160]
        #expect(fixture.verdict.lostBeyondPromise == 1)
    }

    @Test func whatLayUnreadMayBeLostHoweverOld() throws {
        // The daemon had not read the last 15 messages, the oldest of which was written at 1.6 s; what it read last may be as much older as the window is long.
        var fixture = CrashFixture(mode: .sync, missing: Set(30..<210), unread: (15, 0))
        let crash = try #require(fixture.verdict.crash)
        #expect(crash.lostUnread == 150)
        #expect(crash.lostYoung == 30)
        #expect(fixture.verdict.isGood, "\(fixture.verdict.failures)")
        fixture.missing.insert(29)
        #expect(fixture.verdict.lostBeyondPromise == 1)
    }

    @Test func messagesThatCouldNotBeWrittenAreNotSent() {
        var fixture = CrashFixture(failed: [21, 22])
        #expect(fixture.verdict.isGood, "\(fixture.verdict.failures)")
        #expect(fixture.verdict.sent == 380)
        // One that was never whole in the socket and arrives all the same was not sent so.
        fixture.arrivesAgain = [215]
        #expect(fixture.verdict.foreign == 1)
        #expect(!fixture.verdict.isGood)
    }

    @Test func syncTakesTheEndAndNothingOutOfTheMiddle() {
        #expect(CrashFixture(mode: .spill, missing: [205]).verdict.isGood)
        let verdict = CrashFixture(mode: .sync, missing: [205]).verdict
        #expect(verdict.crash?.holes == 1)
        #expect(verdict.failures == ["1 logs are missing although a later one of their session survived the same kill"])
        #expect(CrashFixture(mode: .sync, missing: Set(205..<210)).verdict.isGood)
    }

    @Test func dropsThatTheDaemonsCountedCoverWhatIsMissing() {
        var fixture = CrashFixture(missing: [10, 11, 12])
        fixture.droppedByKilled = ["buffer_full": 3]
        #expect(fixture.verdict.isGood, "\(fixture.verdict.failures)")
        #expect(fixture.verdict.dropped == ["buffer_full": 3])
        fixture.droppedByKilled = ["buffer_full": 2]
        #expect(fixture.verdict.lostBeyondPromise == 1)
    }

    /// In flight at the kill at 3.05 s, and sent again after it.
    private static let resend = Resend(
        logs: 2, formerReceivedAt: CrashFixture.time(3.0), formerAnsweredAt: CrashFixture.time(3.0), receivedAt: CrashFixture.time(3.2), isSameContent: true)

    @Test func whatWasInFlightMayComeTwice() throws {
        var fixture = CrashFixture(resends: [Self.resend], arrivesAgain: [200, 201])
        let crash = try #require(fixture.verdict.crash)
        #expect(fixture.verdict.isGood, "\(fixture.verdict.failures)")
        #expect(crash.resends == 1)
        #expect(crash.resentLogs == 2)
        #expect(crash.resendsOfOneKillMax == 1)
        #expect(crash.oldestAnswer == 50_000_000)
        // It lay in the kernel when the daemon died.
        fixture.resends[0].formerReceivedAt = CrashFixture.time(3.09)
        fixture.resends[0].formerAnsweredAt = CrashFixture.time(3.09)
        #expect(fixture.verdict.isGood, "\(fixture.verdict.failures)")
        fixture.mode = .memory
        #expect(fixture.verdict.failures == ["1 requests came again that no kill had found in flight"])
    }

    @Test func anyOtherResendIsFound() {
        var fixture = CrashFixture(resends: [Self.resend], arrivesAgain: [200, 201])
        // Answered long before the kill.
        fixture.resends[0].formerReceivedAt = CrashFixture.time(1.5)
        fixture.resends[0].formerAnsweredAt = CrashFixture.time(1.5)
        #expect(fixture.verdict.failures == ["1 requests came again that no kill had found in flight"])
        // Sent again before the kill.
        fixture.resends = [Self.resend]
        fixture.resends[0].receivedAt = CrashFixture.time(3.04)
        #expect(fixture.verdict.failures == ["1 requests came again that no kill had found in flight"])
        fixture.resends = [Self.resend]
        fixture.resends[0].isSameContent = false
        #expect(fixture.verdict.failures == ["1 requests came again under the same Idempotency-Key with other content"])
    }

    @Test func aLogThatComesAgainUnderAnotherKeyIsFound() {
        let verdict = CrashFixture(resends: [Self.resend], arrivesAgain: [200, 201, 202]).verdict
        #expect(verdict.failures == ["1 logs arrived twice, the second time under another Idempotency-Key"])
    }

    @Test func theLastLedgerHasToBalance() {
        var fixture = CrashFixture()
        fixture.ledger["logs_delivered"] = 119
        #expect(fixture.verdict.failures == ["the daemon's ledger does not balance"])
        fixture.ledger["logs_spooled"] = 1
        fixture.missing = [7]
        #expect(fixture.verdict.isGood, "\(fixture.verdict.failures)")
        #expect(fixture.verdict.spooled == 1)
    }
}
