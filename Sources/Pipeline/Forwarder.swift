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
/// Sans-IO: batches come by `FanOut.admit`, and the driver calls `step` once per turn until it has no more to do:
///
///     case .send(let delivery): reporter.send(delivery) { … forwarder.settle(delivery.number, $0, now) }
///     case .spool(let job): … forwarder.finish(store.run(job), now)
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
///
/// With a spool, what is in it goes before what waits in the ring (Forwarder+Spool, Forwarder+Direct).
public final class Forwarder {
    public struct Settings: Sendable, Equatable {
        public var flushInterval: Duration
        /// Bytes of one request body (as `Reporter.bodyBytes` counts them), but for a single log that is larger.
        public var requestBytesMax: Int
        public var inFlightMax: Int
        public var overflow: OverflowPolicy
        /// After a failed attempt, what arrived longer ago is dropped, `forward_failed`. nil: never.
        public var giveUpAfter: Duration?

        public init(
            flushInterval: Duration = .milliseconds(100), requestBytesMax: Int = 1 << 20, inFlightMax: Int = 1,
            overflow: OverflowPolicy = .dropNewest, giveUpAfter: Duration? = nil
        ) {
            self.flushInterval = flushInterval
            self.requestBytesMax = requestBytesMax
            self.inFlightMax = inFlightMax
            self.overflow = overflow
            self.giveUpAfter = giveUpAfter
        }
    }

    public enum Step {
        case send(Delivery)
        /// Run it, and hand its result to `finish`; there is one at a time.
        case spool(SpoolJob)
        /// Nothing to do before then, unless a batch or an outcome comes.
        case wait(until: Instant)
        /// Nothing to do until a batch or an outcome comes.
        case idle
    }

    // What is unchecked is read and set, and never held by a call while another changes it: run-time checks of that are dear, in LogRing too.
    @exclusivity(unchecked) public internal(set) var settings: Settings
    @exclusivity(unchecked) public internal(set) var ledger = Ledger()
    /// Where it stands in the ring, which it may share with other forwarders.
    let cursor: RingCursor
    /// Where deliveries from the spool lie, in a ring of their own. Its bound is that there are few of them; its memory is taken out of the ring's.
    let loaded = RingCursor(LogRing(bytesMax: .max / 2))
    /// nil: what does not find room in the ring is dropped, and what is left at the end is lost.
    var spool: SpoolState?
    @exclusivity(unchecked) public internal(set) var reporter: any Reporter
    @exclusivity(unchecked) var lanes: LaneQueue
    let retryPolicy: RetryPolicy
    var random: SeededRandom
    let keyPrefix: String

    /// In order of delivery; at most `inFlightMax` and the halves that splitting made of them.
    var active: [Active] = []
    @exclusivity(unchecked) private var nextNumber: UInt64 = 1
    @exclusivity(unchecked) private var nextKey: UInt64 = 1
    /// Request bytes (as they lie in the ring) that wait.
    @exclusivity(unchecked) var waitingBytes = 0
    /// What a 413 has taught: requests larger than this are not made any more.
    @exclusivity(unchecked) var learnedBytesMax = Int.max

    @exclusivity(unchecked) var lastFlush: Instant?
    @exclusivity(unchecked) private var lastTrim: Instant?
    /// The last ticket of the flush that is going on.
    @exclusivity(unchecked) private var flushTicket: UInt64 = 0

    /// Failed attempts since the start.
    @exclusivity(unchecked) var failures: UInt64 = 0
    /// Failed attempts since the last success.
    @exclusivity(unchecked) public internal(set) var failuresInARow = 0
    @exclusivity(unchecked) var retryAt: Instant?
    /// Since when the destination has failed; nil while it works.
    @exclusivity(unchecked) public internal(set) var failingSince: Instant?
    @exclusivity(unchecked) public internal(set) var isDraining = false
    /// Nothing is sent any more; all that is left goes into the spool.
    public var isStoringRest = false {
        // There is no second chance: a spool that fails is tried once more.
        didSet { if isStoringRest { spool?.retryAt = nil } }
    }

    /// `index`: which of the ring's cursors is its own. `seed` gives the jitter of the backoff; `keyPrefix` must be unique to this process and forwarder, it starts every Idempotency-Key.
    public init(
        ring: LogRing, index: Int = 0, reporter: any Reporter, settings: Settings, spool: SpoolSettings? = nil, retryPolicy: RetryPolicy = RetryPolicy(),
        seed: UInt64, keyPrefix: String
    ) {
        cursor = RingCursor(ring, index)
        self.reporter = reporter
        self.settings = settings
        self.spool = spool.map { SpoolState(settings: $0) }
        self.retryPolicy = retryPolicy
        self.keyPrefix = keyPrefix
        random = SeededRandom(seed: seed)
        lanes = LaneQueue(cursor)
        if spool != nil { ring.sharers.append(loaded.ring) }
    }

    public var ring: LogRing { cursor.ring }
    /// Bytes of the ring that it keeps in use.
    public var ringBytesUsed: Int { cursor.bytesUsed }

    public var laneCount: Int { lanes.laneCount }
    public var deliveriesUnderWay: Int { active.count }
    /// The next flush does not begin before then, unless a request's worth of bytes waits; nil: it may begin at once.
    public var flushDue: Instant? { settings.flushInterval > .zero ? lastFlush?.advanced(by: settings.flushInterval) : nil }
    /// Nothing waits and nothing is under way, neither here nor in the spool.
    public var isEmpty: Bool { active.isEmpty && lanes.next == nil && (spool?.isAtRest ?? true) && ledger.spooled == Tally() }
    /// `step` has nothing to do, until a batch comes. A spool that does not work is tried again, and memory given back, also while nothing comes.
    public var isIdle: Bool { isEmpty && (spool?.isUsable ?? true) && !isTrimmable }

    // MARK: Arrivals (FanOut)

    /// A batch that was just laid into the ring, for this destination too, waits.
    func take(_ position: RingPosition, byteCount: Int, _ tally: Tally, hint: inout LaneHint) {
        lanes.append(position, hint: &hint)
        waitingBytes += byteCount
        ledger.receive(tally)
    }

    func refuse(_ tally: Tally, _ reason: DropReason) { ledger.refuse(tally, reason) }

    /// It has no room, and will have some: it delivers, or puts what waits into the spool.
    var isMakingHeadway: Bool {
        guard failuresInARow > 0 else { return true }
        guard let spool, spool.isUsable else { return false }
        return spool.settings.bytesMax - spool.content.bytes >= SpoolRun.footprint(ofBytes: SpoolRun.bytesMax)
    }

    /// Drops the batch that has waited longest in the ring: the number of its logs; nil when nothing waits.
    func dropOldest(_ reason: DropReason) -> Int? {
        guard let position = lanes.popOldest() else { return nil }
        let header = cursor.header(position).pointee
        waitingBytes -= Int(header.byteCount)
        var tally = Tally(logs: UInt64(header.logCount), batches: 1)
        #if CANARIES
            if Canary.uncountedDrop.isPlanted { tally = Tally() }
        #endif
        ledger.dropWaiting(tally, reason)
        let logs = Int(header.logCount)
        cursor.release(position)
        return logs
    }

    // MARK: Deliveries

    /// What to do now. Call again after `.send` and `.spool`.
    public func step(_ now: Instant) -> Step {
        while true {
            var wakeAt: Instant?
            if let job = makeJob(now, wakeAt: &wakeAt) { return .spool(job) }
            switch isStoringRest ? .idle : nextSend(now) {
            case .send(let index): return .send(begin(index))
            case .again: continue
            case .idle:
                trim(now, wakeAt: &wakeAt)
                return wakeAt.map(Step.wait) ?? .idle
            case .wait(let until): return .wait(until: min(until, wakeAt ?? until))
            }
        }
    }

    // MARK: Memory

    /// The rings give back what they keep when they are empty, so seldom that a ring that is filled and emptied many times a second does not
    /// take it from the kernel each time.
    private static let trimInterval: Duration = .seconds(1)

    private var isTrimmable: Bool { ring.isTrimmable || loaded.ring.isTrimmable }

    private func trim(_ now: Instant, wakeAt: inout Instant?) {
        guard isTrimmable else { return }
        let due = lastTrim.map { $0.advanced(by: Self.trimInterval) } ?? now
        guard now >= due else {
            wakeAt = min(wakeAt ?? due, due)
            return
        }
        lastTrim = now
        if ring.isTrimmable { ring.trim() }
        if loaded.ring.isTrimmable { loaded.ring.trim() }
    }

    // MARK: What goes next

    private enum NextSend {
        case send(Int)
        case wait(Instant)
        case idle
        /// What was to be sent has become something else: decide anew.
        case again
    }

    private func nextSend(_ now: Instant) -> NextSend {
        if let retryAt {
            guard now >= retryAt else { return .wait(retryAt) }
            self.retryAt = nil
        }
        let onWire = active.lazy.filter(\.isOnWire).count
        let concurrent = failuresInARow > 0 ? 1 : min(settings.inFlightMax, reporter.traits.inFlightMax)
        guard onWire < concurrent else { return .idle }

        // What has been formed goes first, in order.
        var waitingIndex = active.firstIndex { !$0.isOnWire }
        #if CANARIES
            if Canary.reorderingRetry.isPlanted { waitingIndex = active.lastIndex { !$0.isOnWire } }
        #endif
        if let next = waitingIndex {
            guard onWire == 0 || mayGoBesideEarlier(next) else { return .idle }
            return prepare(next)
        }
        guard mayTakeFromRing, let next = lanes.next else { return .idle }
        // Dropping the oldest frees whole segments, which deliveries under way pin: they may pin the older half of the ring only.
        if !active.isEmpty, let head = lanes.head(of: next.lane), cursor.ordinal(of: head) > pinnedOrdinalMax { return .idle }
        if next.ticket > flushTicket {
            if let lastFlush, !isDraining, waitingBytes < bytesMax, cursor.bytesUsed < cursor.bytesMax / 2 {
                let due = lastFlush.advanced(by: settings.flushInterval)
                guard now >= due else { return .wait(due) }
            }
            lastFlush = now
            flushTicket = lanes.lastTicket
        }
        active.append(take())
        return prepare(active.count - 1)
    }

    /// Whether a delivery may be sent while earlier ones are under way: it was not tried before, and none of them has logs of its session. Those
    /// that come from the ring never share a session with another, but they all go before what was loaded after them.
    private func mayGoBesideEarlier(_ index: Int) -> Bool {
        let entry = active[index]
        guard entry.origin == .spool, entry.delivery.attempt == 0, entry.sessionHash != nil else { return false }
        return active[..<index].allSatisfy { $0.origin == .spool && $0.sessionHash != entry.sessionHash && $0.sessionHash != nil }
    }

    /// The size that requests may have now.
    var bytesMax: Int { min(bytesMaxAtFirst, learnedBytesMax) }
    /// Before a 413 has taught less.
    var bytesMaxAtFirst: Int { min(settings.requestBytesMax, reporter.traits.requestBytesMax) }

    private var pinnedOrdinalMax: UInt64 {
        settings.overflow == .dropOldest ? cursor.oldestOrdinal + UInt64(cursor.bytesMax / ring.segmentBytes / 2) : UInt64.max
    }

    private func prepare(_ index: Int) -> NextSend {
        if splitIfDue(index) { return .again }
        // Once the job that stores it has ended.
        guard !needsSplit(active[index]) else { return .idle }
        // Its part of what the spool holds must become its own there first, so that it ends there when it ends here.
        if case .part = active[index].disk, spool?.isUsable == true { return .idle }
        if isWaitingForCommit(active[index]) { return .idle }
        return .send(index)
    }

    private func begin(_ index: Int) -> Delivery {
        active[index].isOnWire = true
        active[index].failuresBefore = failures
        active[index].delivery.attempt += 1
        #if CANARIES
            if Canary.newKey.isPlanted { active[index].delivery.key = makeKey() }
        #endif
        return active[index].delivery
    }

    private func take() -> Active {
        let mixesSessions = reporter.traits.mixesSessions
        var filling = Filling(bytesMax: bytesMax, ordinalMax: pinnedOrdinalMax)
        while let (lane, ticket) = lanes.next, filling.batches.isEmpty || ticket <= flushTicket {
            guard takeAll(of: lane, into: &filling), mixesSessions else { break }
        }
        return start(filling)
    }

    /// A delivery that is being formed.
    struct Filling {
        let bytesMax: Int
        /// Batches of later segments of the ring are left there.
        let ordinalMax: UInt64
        var batches: [Batch] = []
        var bodyBytes = 0
        var tally = Tally()

        /// The list of very many very small batches would be longer than these.
        static let batchesMax = 4096

        func isFull(for bytes: Int) -> Bool { bodyBytes + bytes > bytesMax || batches.count == Self.batchesMax }
    }

    /// Takes a lane's batches, as many as a delivery has room for; one in any case. False when some are left.
    func takeAll(of lane: Int, into filling: inout Filling) -> Bool {
        var hasBegun = false
        while let position = lanes.head(of: lane) {
            let batch = cursor.batch(at: position)
            let bytes = reporter.bodyBytes(of: batch)
            if !filling.batches.isEmpty, filling.isFull(for: bytes) || cursor.ordinal(of: position) > filling.ordinalMax { return false }
            if !hasBegun {
                lanes.beginDelivery(of: lane)
                hasBegun = true
            }
            lanes.takeHead(of: lane)
            filling.batches.append(batch)
            filling.bodyBytes += bytes
            waitingBytes -= batch.request.count
            filling.tally += Tally(logs: UInt64(batch.logCount), batches: 1)
        }
        return true
    }

    func start(_ filling: Filling) -> Active {
        ledger.start(filling.tally)
        return makeActive(filling.batches, bodyBytes: filling.bodyBytes, logs: nil, logCount: Int(filling.tally.logs), origin: .ring)
    }

    /// A delivery with a number and a key of its own.
    func makeActive(_ batches: [Batch], bodyBytes: Int, logs: Range<Int>?, logCount: Int, origin: Active.Origin) -> Active {
        let oldest = batches.reduce(Instant(nanoseconds: .max)) { min($0, $1.arrived) }
        return Active(
            delivery: Delivery(number: takeNumber(), key: makeKey(), batches: batches, logs: logs, logCount: logCount, attempt: 0),
            bodyBytes: bodyBytes, origin: origin, oldest: oldest, givesUpAt: settings.giveUpAfter.map(oldest.advanced(by:)))
    }

    func takeNumber() -> UInt64 {
        defer { nextNumber += 1 }
        return nextNumber
    }

    func makeKey() -> String {
        defer { nextKey += 1 }
        return "\(keyPrefix)-\(nextKey)"
    }
}
