import Pipeline
import Testing

/// `sync` without the way through the file: what a group is stored as is sent from the ring. The test plays the spool.
@Suite struct ForwarderDirectTests {
    let reporter = ModelReporter(inFlightMax: 1)

    func make(
        _ reporter: ModelReporter? = nil, overflow: OverflowPolicy = .dropNewest, inFlightMax: Int = 1, spoolBytesMax: Int = 256 << 20
    ) throws -> Forwarder {
        let forwarder = Forwarder(
            ring: LogRing(bytesMax: 4 << 20), reporter: reporter ?? self.reporter, settings: .init(inFlightMax: inFlightMax, overflow: overflow),
            spool: SpoolSettings(durability: .sync, bytesMax: spoolBytesMax), seed: 1, keyPrefix: "key")
        finish(try #require(job(forwarder, at(1))), forwarder, at(1))
        return forwarder
    }

    func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    func job(_ forwarder: Forwarder, _ now: Instant) -> SpoolJob? {
        if case .spool(let job) = forwarder.step(now) { job } else { nil }
    }

    /// `waiting`: batches of one log each that are left in the spool as free rows.
    func finish(_ job: SpoolJob, _ forwarder: Forwarder, waiting: Int = 0, failure: SpoolFailure? = nil, _ now: Instant) {
        var result = SpoolResult()
        var content = SpoolContent()
        content.waiting = Tally(logs: UInt64(waiting), batches: UInt64(waiting))
        result.content = content
        result.failure = failure
        _ = forwarder.finish(result, now: now)
    }

    /// So many logs of a kilobyte and a session each, in batches of one.
    func offer(_ count: Int32, from first: Int32 = 0, session: String = "a", to forwarder: Forwarder, _ now: Instant) {
        for number in first..<first + count {
            forwarder.offer(Request.bytes(session: session, sequence: number..<number + 1, urlBytes: 1000), at: now)
        }
    }

    @Test func whatIsStoredIsSentFromTheRingUnderItsKey() throws {
        let forwarder = try make()
        offer(3, to: forwarder, at(100))
        let write = try #require(job(forwarder, at(100)))
        #expect(write.load == nil && write.runs.count == 1)
        let key = try #require(write.runs[0].key)
        // Not before it is committed.
        guard case .idle = forwarder.step(at(100)) else { Issue.record("does not wait for the commit"); return }
        #expect(forwarder.ledger.inFlight.logs == 3 && forwarder.ledger.balances)
        finish(write, forwarder, at(101))
        let delivery = try #require(forwarder.pump(at(101), reporter).first)
        #expect(delivery.key == key && Request.logs(in: delivery).map(\.sequence) == [0, 1, 2])
        _ = forwarder.settle(delivery.number, .delivered, now: at(102))
        forwarder.beginDrain()
        let removal = try #require(job(forwarder, at(102)))
        #expect(removal.settled == [key] && removal.runs.isEmpty)
        finish(removal, forwarder, at(103))
        #expect(forwarder.isEmpty && forwarder.ring.isEmpty && forwarder.laneCount == 0)
        #expect(forwarder.ledger.delivered.logs == 3 && forwarder.ledger.balances)
    }

    @Test func aSmallGroupBetweenFlushesIsStoredAsRows() throws {
        let forwarder = try make()
        offer(3, to: forwarder, at(100))
        finish(try #require(job(forwarder, at(100))), forwarder, at(101))
        _ = forwarder.settle(try #require(forwarder.pump(at(101), reporter).first).number, .delivered, now: at(102))
        offer(3, from: 3, to: forwarder, at(110))
        let write = try #require(job(forwarder, at(120)))
        #expect(write.runs.map(\.key) == [nil] && write.load == nil)
    }

    @Test func aLargeGroupDoesNotWaitForTheFlush() throws {
        let forwarder = try make()
        offer(1, to: forwarder, at(100))
        finish(try #require(job(forwarder, at(100))), forwarder, at(101))
        // The first is still on its way: what follows of its session goes after it.
        let first = try #require(forwarder.pump(at(101), reporter).first)
        offer(300, from: 1, to: forwarder, at(110))
        let second = try #require(job(forwarder, at(120)))
        #expect(second.runs.count == 3 && Set(second.runs.map(\.key)).count == 1 && second.runs[0].key != nil)
        finish(second, forwarder, at(125))
        #expect(forwarder.pump(at(125), reporter).isEmpty)
        _ = forwarder.settle(first.number, .delivered, now: at(130))
        let next = try #require(forwarder.pump(at(130), reporter).first)
        #expect(next.key == second.runs[0].key && Request.logs(in: next).map(\.sequence) == Array(1..<301))
    }

    /// Of forty sessions it would make forty small requests.
    @Test func aLargeGroupOfManySessionsWaitsForTheFlush() throws {
        let forwarder = try make()
        offer(1, to: forwarder, at(100))
        finish(try #require(job(forwarder, at(100))), forwarder, at(101))
        for session in 0..<40 { offer(10, session: "session \(session)", to: forwarder, at(110)) }
        let write = try #require(job(forwarder, at(120)))
        #expect(write.runs.count == 40 && write.runs.allSatisfy { $0.key == nil })
    }

    @Test func oneDeliveryHoldsManySessionsWhereTheDestinationMixesThem() throws {
        let mixing = ModelReporter(mixesSessions: true)
        let forwarder = try make(mixing)
        offer(1, to: forwarder, at(100))
        finish(try #require(job(forwarder, at(100))), forwarder, at(101))
        for session in 0..<40 { offer(10, session: "session \(session)", to: forwarder, at(110)) }
        let write = try #require(job(forwarder, at(120)))
        #expect(write.runs.count == 40 && Set(write.runs.map(\.key)).count == 1 && write.runs[0].key != nil)
    }

    @Test func aSpoolThatFailsDoesNotHoldItBack() throws {
        let forwarder = try make()
        offer(3, to: forwarder, at(100))
        let write = try #require(job(forwarder, at(100)))
        finish(write, forwarder, failure: .diskFull("no room"), at(101))
        let delivery = try #require(forwarder.pump(at(101), reporter).first)
        #expect(delivery.key == write.runs[0].key && delivery.logCount == 3)
        _ = forwarder.settle(delivery.number, .delivered, now: at(102))
        #expect(forwarder.ledger.delivered.logs == 3 && forwarder.ledger.balances && forwarder.ring.isEmpty)
    }

    @Test func whileTheDestinationFailsRowsAreStored() throws {
        let forwarder = try make()
        offer(3, to: forwarder, at(100))
        finish(try #require(job(forwarder, at(100))), forwarder, at(101))
        let delivery = try #require(forwarder.pump(at(101), reporter).first)
        _ = forwarder.settle(delivery.number, .transient(reason: "503", retryAfter: nil), now: at(102))
        offer(500, from: 3, to: forwarder, at(300))
        let write = try #require(job(forwarder, at(300)))
        #expect(write.runs.allSatisfy { $0.key == nil } && write.runs.count == 5)
    }

    /// Where none of them might find room, none is formed.
    @Test func aSpoolWithLittleRoomGetsRows() throws {
        let forwarder = try make(spoolBytesMax: 64 << 10)
        offer(40, to: forwarder, at(100))
        #expect(try #require(job(forwarder, at(100))).runs.allSatisfy { $0.key == nil })
    }

    /// What comes while the spool is being opened is to go directly, too. One that cannot be opened is not waited for.
    @Test(arguments: [nil, SpoolFailure.unusable("no rights")]) func readingWaitsForTheSpoolToOpen(failure: SpoolFailure?) throws {
        let forwarder = Forwarder(
            ring: LogRing(bytesMax: 4 << 20), reporter: reporter, settings: .init(overflow: .block),
            spool: SpoolSettings(durability: .sync, bytesMax: 256 << 20), seed: 1, keyPrefix: "key")
        let (stop, goOn) = (forwarder.ring.bytesMax / 8 * 7, forwarder.ring.bytesMax / 2)
        let opening = forwarder.readingMarks(at(0))
        #expect(opening.stop < stop && opening.goOn < opening.stop)
        finish(try #require(job(forwarder, at(1))), forwarder, failure: failure, at(1))
        #expect(forwarder.readingMarks(at(1)) == (stop, goOn))
    }

    /// Clients that send more than is taken wait for a destination that keeps on answering, and not for one that does not.
    @Test func readingWaitsForAPromptDestination() throws {
        let forwarder = try make(overflow: .block)
        let (stop, goOn) = (forwarder.ring.bytesMax / 8 * 7, forwarder.ring.bytesMax / 2)
        #expect(forwarder.readingMarks(at(99)) == (stop, goOn))
        offer(1200, to: forwarder, at(100))
        finish(try #require(job(forwarder, at(100))), forwarder, at(101))
        let delivery = try #require(forwarder.pump(at(101), reporter).first)
        let direct = forwarder.readingMarks(at(101))
        #expect(direct.stop < forwarder.ring.bytesUsed && direct.goOn < direct.stop)
        // Nothing else may happen before then.
        guard case .wait(let until) = forwarder.step(at(101)) else { Issue.record("does not wait"); return }
        #expect(until == at(1100) && forwarder.readingMarks(until) == (stop, goOn))
        guard case .idle = forwarder.step(until) else { Issue.record("wakes again"); return }
        _ = forwarder.settle(delivery.number, .transient(reason: "503", retryAfter: nil), now: at(102))
        #expect(forwarder.readingMarks(at(102)) == (stop, goOn))
    }
}
