import Pipeline
import Testing

/// When the forwarder goes to the spool, and with what. The test plays the spool; the whole of it is simulated (Tests/Simulation).
@Suite struct ForwarderSpoolTests {
    let reporter = ModelReporter(inFlightMax: 1)
    let forwarder: Forwarder

    init() {
        forwarder = Forwarder(
            ring: LogRing(bytesMax: 4 << 20), reporter: reporter, settings: .init(), spool: SpoolSettings(durability: .sync), seed: 1, keyPrefix: "key")
    }

    func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    /// The job that is due; nil when none is.
    func job(_ now: Instant) -> SpoolJob? {
        if case .spool(let job) = forwarder.step(now) { job } else { nil }
    }

    /// Ends a job as a spool would that holds what `content` says; what it loads is `loaded`, by session.
    func finish(_ job: SpoolJob, waiting: Int = 0, loading loaded: [String] = [], _ now: Instant) {
        var result = SpoolResult()
        var content = SpoolContent()
        content.waiting = Tally(logs: UInt64(waiting), batches: UInt64(waiting))
        content.bytes = waiting * 100
        content.waitingBytes = waiting * 100
        result.content = content
        result.loaded = zip(loaded, job.load?.keys ?? []).map { session, key in
            let bytes = Request.bytes(session: session, sequence: 0..<1)
            return LoadedDelivery(
                key: key, wasClaimed: false, rows: [.init(bytes: bytes, batchBytes: [bytes.count])], tally: Tally(logs: 1, batches: 1), age: .zero)
        }
        _ = forwarder.finish(result, now: now)
    }

    func open(_ now: Instant) throws { finish(try #require(job(now)), now) }

    @Test func rowsAreNotLargerThanTheirBound() throws {
        try open(at(1))
        for number in Int32(0)..<300 { forwarder.offer(Request.bytes(session: "a", sequence: number..<number + 1, urlBytes: 1000), at: at(2)) }
        let runs = try #require(job(at(2))).runs
        #expect(runs.reduce(0) { $0 + $1.logCount } == 300)
        let sizes = runs.map { $0.batches.reduce(0) { $0 + $1.request.count } }
        #expect(sizes.allSatisfy { $0 <= SpoolRun.bytesMax } && sizes.count == 3, "\(sizes)")
    }

    @Test func whatHasEndedGoesWithTheNextGroup() throws {
        try open(at(1))
        forwarder.offer(Request.bytes(session: "a", sequence: 0..<1), at: at(100))
        let write = try #require(job(at(100)))
        #expect(write.runs.count == 1)
        finish(write, at(101))
        let delivery = try #require(forwarder.pump(at(101), reporter).first)
        _ = forwarder.settle(delivery.number, .delivered, now: at(102))
        guard case .wait(let until) = forwarder.step(at(102)) else { Issue.record("does not wait"); return }
        #expect(until == at(120))
        // What comes meanwhile is due at the same time, and takes it along.
        forwarder.offer(Request.bytes(session: "a", sequence: 1..<2), at: at(103))
        #expect(job(at(119)) == nil)
        let next = try #require(job(at(120)))
        #expect(next.settled == [delivery.key] && next.runs.count == 1)
    }

    @Test func atTheEndNothingWaitsForAGroup() throws {
        try open(at(1))
        forwarder.offer(Request.bytes(session: "a", sequence: 0..<1), at: at(100))
        finish(try #require(job(at(100))), at(101))
        let delivery = try #require(forwarder.pump(at(101), reporter).first)
        _ = forwarder.settle(delivery.number, .delivered, now: at(102))
        forwarder.beginDrain()
        #expect(try #require(job(at(102))).settled == [delivery.key])
    }

    /// A load ends at so many deliveries; those that are left belong to the same flush, and do not wait for the next.
    @Test func aFlushTakesOutAllSessions() throws {
        try open(at(1))
        // What comes so soon after a flush waits as rows for the next.
        forwarder.offer(Request.bytes(session: "before", sequence: 0..<1), at: at(2))
        finish(try #require(job(at(2))), at(2))
        _ = forwarder.settle(try #require(forwarder.pump(at(2), reporter).first).number, .delivered, now: at(2))
        let sessions = (0..<20).map { "session \($0)" }
        for session in sessions { forwarder.offer(Request.bytes(session: session, sequence: 0..<1), at: at(50)) }
        let write = try #require(job(at(50)))
        #expect(write.runs.count == 20 && write.load == nil)
        finish(write, waiting: 20, at(51))
        let first = try #require(job(at(102)))
        let count = try #require(first.load).keys.count
        #expect(count < 20)
        finish(first, waiting: 20 - count, loading: Array(sessions[..<count]), at(103))
        // The next load comes while the last of them is on its way.
        var sent: [Delivery] = []
        var second: SpoolJob?
        while second == nil, case let step = forwarder.step(at(103)) {
            switch step {
            case .send(let delivery):
                sent.append(delivery)
                if sent.count < count { _ = forwarder.settle(delivery.number, .delivered, now: at(103)) }
            case .spool(let job): second = job
            case .wait, .idle: Issue.record("waits after \(sent.count) deliveries"); return
            }
        }
        let rest = try #require(second)
        #expect(sent.count == count && rest.load != nil && rest.settled == sent.dropLast().map(\.key))
        finish(rest, loading: Array(sessions[count...]), at(104))
        #expect(forwarder.ledger.spooled == Tally())
    }
}
