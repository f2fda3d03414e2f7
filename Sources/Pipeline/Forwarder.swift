import Wire

/// What to do with a batch for which the ring has no room.
public enum OverflowPolicy: String, Sendable, CaseIterable {
    case dropNewest = "drop-newest"
    case dropOldest = "drop-oldest"
    /// Stop reading; the clients wait.
    case block
}

/// Decides what is sent when: takes batches in, forms deliveries, and settles their outcomes, keeping the ledger.
///
/// Sans-IO: the driver calls `admit` for each batch, and `step` once per turn until it has no more to send:
///
///     while case .send(let delivery) = forwarder.step(now) { reporter.send(delivery) { … forwarder.settle(…) } }
///
/// then sleeps until the time `step` named. Confined to one thread.
///
/// A *flush* takes the lanes that are in line when it begins, one delivery after the other. The next begins `flushInterval` after its start,
/// or sooner when a request's worth of bytes waits.
///
/// After a failed attempt the destination is believed to be down: nothing is sent until the backoff is over, then one delivery, the
/// first in line, as a probe, until one succeeds. A success of an attempt that began before the last failure proves nothing.
///
/// One batch can be larger than a request may be: as JSON lines, a frame of empty logs with a long session id is 25,000 times its size.
/// Such a delivery is sent in parts, halved when its turn comes, so that no more than one request's worth of it is ever made.
public final class Forwarder {
    public struct Settings: Sendable, Equatable {
        public var flushInterval: Duration
        /// Bytes of one request body (as `Reporter.bodyBytes` counts them), but for a single log that is larger.
        public var requestBytesMax: Int
        public var inFlightMax: Int
        public var overflow: OverflowPolicy

        public init(
            flushInterval: Duration = .milliseconds(100), requestBytesMax: Int = 1 << 20, inFlightMax: Int = 1,
            overflow: OverflowPolicy = .dropNewest
        ) {
            self.flushInterval = flushInterval
            self.requestBytesMax = requestBytesMax
            self.inFlightMax = inFlightMax
            self.overflow = overflow
        }
    }

    public enum Step {
        case send(Delivery)
        /// Nothing to do before then, unless a batch or an outcome comes.
        case wait(until: Instant)
        /// Nothing to do until a batch or an outcome comes.
        case idle
    }

    /// What became of a batch that was read.
    public enum Admission: Sendable {
        case stored
        /// Stored, and these logs, which had waited longest, counted as dropped for it (`--overflow drop-oldest`).
        case storedDropping(logs: Int)
        /// Counted as dropped, `buffer_full`.
        case dropped
        /// Not taken and not counted: offer it again when there is room (`--overflow block`).
        case noRoom
    }

    /// A delivery that is under way or waits for its next attempt.
    struct Active {
        var delivery: Delivery
        var bodyBytes: Int
        var isOnWire: Bool
        /// `failures` when the last attempt began.
        var failuresBefore: UInt64 = 0
    }

    public var settings: Settings
    public internal(set) var ledger = Ledger()
    public let ring: LogRing
    let reporter: any Reporter
    var lanes: LaneQueue
    let retryPolicy: RetryPolicy
    var random: SeededRandom
    private let keyPrefix: String

    /// In order of delivery; at most `inFlightMax` and the halves that splitting made of them.
    var active: [Active] = []
    private var nextNumber: UInt64 = 1
    /// Request bytes (as they lie in the ring) that wait.
    var waitingBytes = 0
    /// What a 413 has taught: requests larger than this are not made any more.
    var learnedBytesMax = Int.max

    private var lastFlush: Instant?
    /// The last ticket of the flush that is going on.
    private var flushTicket: UInt64 = 0

    /// Failed attempts since the start.
    var failures: UInt64 = 0
    /// Failed attempts since the last success.
    public internal(set) var failuresInARow = 0
    var retryAt: Instant?
    /// Since when the destination has failed; nil while it works.
    public internal(set) var failingSince: Instant?
    public internal(set) var isDraining = false

    /// `seed` gives the jitter of the backoff; `keyPrefix` must be unique to this process and forwarder, it starts every Idempotency-Key.
    public init(
        ring: LogRing, reporter: any Reporter, settings: Settings, retryPolicy: RetryPolicy = RetryPolicy(), seed: UInt64,
        keyPrefix: String
    ) {
        self.ring = ring
        self.reporter = reporter
        self.settings = settings
        self.retryPolicy = retryPolicy
        self.keyPrefix = keyPrefix
        random = SeededRandom(seed: seed)
        lanes = LaneQueue(ring: ring)
    }

    public var laneCount: Int { lanes.laneCount }
    public var deliveriesUnderWay: Int { active.count }
    /// Nothing waits and nothing is under way.
    public var isEmpty: Bool { active.isEmpty && lanes.next == nil }

    // MARK: Arrivals

    /// Takes the batch that `scan` found in `payload`, or says why not.
    public func admit(
        _ request: ScannedRequest, of payload: RawSpan, arrived: Instant, hint: inout LaneHint
    ) -> Admission {
        let tally = Tally(logs: UInt64(request.logCount), batches: 1)
        var droppedLogs = 0
        while true {
            if let room = ring.reserve(request.byteCount) {
                BoundaryScan.copyRequest(request, of: payload, to: room)
                lanes.append(ring.commit(request, arrived: arrived), hint: &hint)
                waitingBytes += request.byteCount
                ledger.receive(tally)
                return droppedLogs == 0 ? .stored : .storedDropping(logs: droppedLogs)
            }
            switch settings.overflow {
            case .block: return .noRoom
            case .dropOldest:
                if let logs = dropOldest() {
                    droppedLogs += logs
                    continue
                }
            case .dropNewest: break
            }
            ledger.refuse(tally, .bufferFull)
            return .dropped
        }
    }

    /// Counts a batch that the driver does not offer: received, and dropped.
    public func refuse(logs: Int, _ reason: DropReason) {
        ledger.refuse(Tally(logs: UInt64(logs), batches: 1), reason)
    }

    /// The number of logs; nil when nothing waits.
    private func dropOldest() -> Int? {
        guard let position = lanes.popOldest() else { return nil }
        let header = ring.pointer(position).pointee
        waitingBytes -= Int(header.byteCount)
        ledger.dropWaiting(Tally(logs: UInt64(header.logCount), batches: 1), .bufferFull)
        let logs = Int(header.logCount)
        ring.release(position)
        return logs
    }

    // MARK: Deliveries

    /// What to do now. Call again after `.send`.
    public func step(_ now: Instant) -> Step {
        if let retryAt {
            guard now >= retryAt else { return .wait(until: retryAt) }
            self.retryAt = nil
        }
        let onWire = active.lazy.filter(\.isOnWire).count
        let concurrent = failuresInARow > 0 ? 1 : min(settings.inFlightMax, reporter.traits.inFlightMax)
        guard onWire < concurrent else { return .idle }

        // What was tried before goes first, one at a time, in order.
        if let again = active.firstIndex(where: { !$0.isOnWire }) {
            return onWire == 0 ? send(again) : .idle
        }
        guard let next = lanes.next else { return .idle }
        // Dropping the oldest frees whole segments, which deliveries under way pin: they may pin the older half of the ring only.
        if !active.isEmpty, let head = lanes.head(of: next.lane), ring.ordinal(of: head) > pinnedOrdinalMax { return .idle }
        if next.ticket > flushTicket {
            if let lastFlush, !isDraining, waitingBytes < bytesMax, ring.bytesUsed < ring.bytesMax / 2 {
                let due = lastFlush.advanced(by: settings.flushInterval)
                guard now >= due else { return .wait(until: due) }
            }
            lastFlush = now
            flushTicket = lanes.lastTicket
        }
        active.append(take())
        return send(active.count - 1)
    }

    /// The size that requests may have now.
    private var bytesMax: Int { min(settings.requestBytesMax, reporter.traits.requestBytesMax, learnedBytesMax) }

    private var pinnedOrdinalMax: UInt64 {
        settings.overflow == .dropOldest ? ring.oldestOrdinal + UInt64(ring.bytesMax / ring.segmentBytes / 2) : UInt64.max
    }

    private func send(_ index: Int) -> Step {
        while active[index].bodyBytes > bytesMax, active[index].delivery.attempt == 0, active[index].delivery.batches.count == 1,
            let (first, second) = halves(of: active[index].delivery)
        {
            active.replaceSubrange(index...index, with: [first, second])
        }
        active[index].isOnWire = true
        active[index].failuresBefore = failures
        active[index].delivery.attempt += 1
        return .send(active[index].delivery)
    }

    private func take() -> Active {
        let traits = reporter.traits
        let (bytesMax, ordinalMax) = (bytesMax, pinnedOrdinalMax)
        var batches: [Batch] = []
        var bodyBytes = 0
        var tally = Tally()
        filling: while let (lane, ticket) = lanes.next, batches.isEmpty || ticket <= flushTicket {
            var hasBegun = false
            while let position = lanes.head(of: lane) {
                let batch = ring.batch(at: position)
                let bytes = reporter.bodyBytes(of: batch)
                if !batches.isEmpty, bodyBytes + bytes > bytesMax || ring.ordinal(of: position) > ordinalMax {
                    break filling
                }
                if !hasBegun {
                    lanes.beginDelivery(of: lane)
                    hasBegun = true
                }
                lanes.takeHead(of: lane)
                batches.append(batch)
                bodyBytes += bytes
                waitingBytes -= batch.request.count
                tally += Tally(logs: UInt64(batch.logCount), batches: 1)
            }
            guard traits.mixesSessions else { break }
        }
        ledger.start(tally)
        return makeActive(batches, bodyBytes: bodyBytes, logs: nil, logCount: Int(tally.logs))
    }

    func makeActive(_ batches: [Batch], bodyBytes: Int, logs: Range<Int>?, logCount: Int) -> Active {
        defer { nextNumber += 1 }
        let delivery = Delivery(
            number: nextNumber, key: "\(keyPrefix)-\(nextNumber)", batches: batches, logs: logs, logCount: logCount, attempt: 0)
        return Active(delivery: delivery, bodyBytes: bodyBytes, isOnWire: false)
    }
}
