import Pipeline
import Wire

extension BenchmarkCase {
    private static var batchCount: Int { 128 }

    static let pipeline = [
        BenchmarkCase(name: "ring", operation: "batch", operationsPerRound: batchCount, rounds: 300) {
            Turnover(Messages(count: batchCount, urlBytes: 150))
        },
        BenchmarkCase(name: "audit", operation: "batch", operationsPerRound: batchCount, rounds: 1_000) {
            Auditing(Messages(count: batchCount, urlBytes: 150))
        },
        BenchmarkCase(name: "forward-one", operation: "batch", operationsPerRound: batchCount, rounds: 60) {
            Forwarding(Messages(count: batchCount, urlBytes: 150), sessions: 1, batchesPerFlush: 1)
        },
        BenchmarkCase(name: "forward-many", operation: "batch", operationsPerRound: batchCount, rounds: 200) {
            Forwarding(Messages(count: batchCount, urlBytes: 150, sessions: 8), sessions: 8, batchesPerFlush: batchCount)
        },
    ]
}

/// A destination that is told nothing: the benchmark settles what it was to send.
private final class Destination: Reporter {
    let traits = ReporterTraits(mixesSessions: false, inFlightMax: 1)
    func bodyBytes(of batch: Batch) -> Int { batch.request.count }
    func send(_ delivery: Delivery, completion: @escaping (DeliveryOutcome) -> Void) {}
    func reopen() -> String? { nil }
    func close(_ closed: @escaping () -> Void) { closed() }
}

/// Put and take: a full ring, in which each batch takes the place of the one that has waited longest.
private final class Turnover: BenchmarkRun {
    private let messages: Messages
    private let forwarder = Forwarder(
        ring: LogRing(bytesMax: 1 << 20), reporter: Destination(), settings: .init(overflow: .dropOldest), seed: 1, keyPrefix: "bench")
    private let fanOut: FanOut
    private var hint = LaneHint()
    private let arrived = Instant(nanoseconds: 1_000_000)

    init(_ messages: Messages) {
        self.messages = messages
        fanOut = FanOut([forwarder])
        while forwarder.ledger.droppedBufferFull.batches == 0 { round() }
    }

    func round() {
        for message in messages.all {
            if case .noRoom = fanOut.admit(message.scanned, of: message.payload.bytes, arrived: arrived, hint: &hint) { preconditionFailure("not stored") }
        }
    }
}

/// What the audit of sequence numbers does with a session that goes on.
private final class Auditing: BenchmarkRun {
    private let messages: Messages
    private let audit = SequenceAudit()
    private var hint = SequenceHint()
    private var numbersBefore: Int32 = 0

    init(_ messages: Messages) { self.messages = messages }

    func round() {
        for message in messages.all {
            var scanned = message.scanned
            scanned.firstSequenceNumber += numbersBefore
            audit.record(scanned, of: message.payload.bytes, connection: 1, hint: &hint)
        }
        numbersBefore += Int32(messages.all.count * Messages.logsPerMessage)
        precondition(audit.statistics.missing == 0)
    }
}

/// Batches in, deliveries out, all acknowledged.
private final class Forwarding: BenchmarkRun {
    private let messages: Messages
    private let forwarder = Forwarder(ring: LogRing(bytesMax: 16 << 20), reporter: Destination(), settings: .init(), seed: 1, keyPrefix: "bench")
    private let fanOut: FanOut
    private var hints: [LaneHint]
    private let batchesPerFlush: Int
    private var now = Instant(nanoseconds: 1_000_000)

    init(_ messages: Messages, sessions: Int, batchesPerFlush: Int) {
        self.messages = messages
        self.batchesPerFlush = batchesPerFlush
        fanOut = FanOut([forwarder])
        hints = Array(repeating: LaneHint(), count: sessions)
    }

    func round() {
        let before = forwarder.ledger.delivered.batches
        for (index, message) in messages.all.enumerated() {
            guard case .taken = fanOut.admit(message.scanned, of: message.payload.bytes, arrived: now, hint: &hints[index % hints.count]) else {
                preconditionFailure("not stored")
            }
            if (index + 1) % batchesPerFlush == 0 { flush() }
        }
        precondition(forwarder.ledger.delivered.batches - before == messages.all.count)
    }

    private func flush() {
        now = now.advanced(by: .milliseconds(100))
        while case .send(let delivery) = forwarder.step(now) { _ = forwarder.settle(delivery.number, .delivered, now: now) }
    }
}
