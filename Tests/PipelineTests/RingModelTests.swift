import Pipeline
import Testing
import Wire

/// A seeded run of clients, answers and time against the forwarder, with a model that knows what must be where.
@Suite struct RingModelTests {
    struct Run {
        var seed: UInt64
        var overflow: OverflowPolicy
        var mixes: Bool
        var inFlightMax: Int
    }

    @Test(arguments: [OverflowPolicy.dropNewest, .dropOldest, .block], [false, true])
    func everyLogIsAccountedForAndInOrder(overflow: OverflowPolicy, mixes: Bool) {
        for seed in 0..<UInt64(12) {
            simulate(Run(seed: seed, overflow: overflow, mixes: mixes, inFlightMax: 1 + Int(seed % 3)))
        }
    }

    func simulate(_ run: Run) {
        var random = SeededRandom(seed: run.seed &* 7919 &+ 17)
        let ring = LogRing(bytesMax: 1 << 20)
        let reporter = ModelReporter(mixesSessions: run.mixes)
        // So that a batch can be larger than a request.
        if run.seed % 4 == 3 { reporter.bodyBytesPerLog = 20 << 10 }
        let forwarder = Forwarder(
            ring: ring, reporter: reporter,
            settings: .init(requestBytesMax: 64 << 10, inFlightMax: run.inFlightMax, overflow: run.overflow),
            seed: run.seed, keyPrefix: "k")
        var now = Instant(nanoseconds: 1)
        let sessions = (0..<Int.random(in: 1...40, using: &random)).map { "session-\($0)" }
        var hints = sessions.map { _ in LaneHint() }
        var nextSequence = sessions.map { _ in Int32(0) }
        var lastDelivered: [String: Int32] = [:]
        var keys: [UInt64: String] = [:]
        var sentLogs = 0
        var deliveredLogs = 0
        let trouble = Int.random(in: 0...60, using: &random)

        func settle(_ faultPercent: Int) {
            let delivery = reporter.take(at: Int.random(in: 0..<reporter.underWay.count, using: &random))
            #expect(keys[delivery.number, default: delivery.key] == delivery.key, "seed \(run.seed)")
            keys[delivery.number] = delivery.key
            let outcome: DeliveryOutcome
            switch Int.random(in: 0..<100, using: &random) {
            case ..<(faultPercent / 3): outcome = .transient(reason: "down", retryAfter: nil)
            case ..<(faultPercent * 2 / 3): outcome = .tooLarge(reason: "413")
            case ..<faultPercent: outcome = .rejected(reason: "400")
            default:
                outcome = .delivered
                for (session, sequence) in Request.logs(in: delivery) {
                    // Strictly rising: neither out of order nor delivered twice.
                    if sequence <= lastDelivered[session, default: -1] {
                        Issue.record("seed \(run.seed): \(session)/\(sequence) after \(lastDelivered[session]!)")
                    }
                    lastDelivered[session] = sequence
                    deliveredLogs += 1
                }
            }
            if !run.mixes { #expect(Set(Request.logs(in: delivery).map(\.session)).count == 1) }
            _ = forwarder.settle(delivery.number, outcome, now: now)
        }
        func check() {
            #expect(forwarder.ledger.balances, "seed \(run.seed)")
            #expect(ring.bytesUsed <= ring.bytesMax + 64 << 10, "seed \(run.seed)")
            #expect(Int(forwarder.ledger.received.logs) == sentLogs, "seed \(run.seed)")
            #expect(Int(forwarder.ledger.delivered.logs) == deliveredLogs, "seed \(run.seed)")
        }

        for _ in 0..<400 {
            now = now.advanced(by: .milliseconds(Int64.random(in: 0...40, using: &random)))
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                let client = Int.random(in: 0..<sessions.count, using: &random)
                let count = Int32.random(in: 1...8, using: &random)
                let start = nextSequence[client]
                let payload = Request.bytes(
                    session: sessions[client], sequence: start..<start + count, urlBytes: Int.random(in: 0...900, using: &random))
                let admission = forwarder.offer(payload, at: now, hint: &hints[client])
                if case .noRoom = admission { continue }
                nextSequence[client] += count
                sentLogs += Int(count)
            }
            _ = forwarder.pump(now, reporter)
            if !reporter.underWay.isEmpty, Int.random(in: 0..<3, using: &random) == 0 { settle(trouble) }
            check()
        }
        // Faults stop: all drains, in bounded time.
        forwarder.beginDrain()
        var turns = 0
        while !forwarder.isEmpty {
            now = now.advanced(by: .seconds(1))
            _ = forwarder.pump(now, reporter)
            while !reporter.underWay.isEmpty { settle(0) }
            check()
            turns += 1
            if turns > 5_000 {
                Issue.record("seed \(run.seed): does not drain")
                return
            }
        }
        let ledger = forwarder.ledger
        #expect(ledger.waiting == Tally() && ledger.inFlight == Tally(), "seed \(run.seed)")
        #expect(ledger.delivered.logs + ledger.dropped.logs == ledger.received.logs)
        #expect(run.overflow != .block || ledger.droppedBufferFull == Tally())
        #expect(ring.isEmpty && ring.bytesUsed == 0 && forwarder.laneCount == 0, "seed \(run.seed)")
    }
}
