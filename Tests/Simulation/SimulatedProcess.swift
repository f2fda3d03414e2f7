@testable import Pipeline
import Wire

/// One life of the proxy: a forwarder over the spool that the last one left, driven as the daemon drives it, and what must be true of it.
final class SimulatedProcess {
    enum Phase { case running, draining, storingRest }

    /// A job that the spool has not finished.
    struct Job {
        let job: SpoolJob
        let madeAt: Instant
        /// The logs of each of its runs.
        let content: [[LogRange]]
        /// Deliveries that ended before it was made: it removes what the spool has of them.
        let ended: Set<String>
    }

    let world: World
    let forwarder: Forwarder
    let neighbour: Neighbour?
    let fanOut: FanOut
    var phase = Phase.running
    var flights: [Flight] = []
    var job: Job?
    var waiting: WaitingModel
    /// Keys of ended deliveries that the spool holds rows of.
    var ended: Set<String> = []

    // What the ledger must say.
    var received = Tally()
    var deliveredLogs: UInt64 = 0
    var droppedLogs: [DropReason: UInt64] = [:]
    /// The spool has told what it holds.
    var hasSeenSpool = false
    let left: Tally

    /// The last job was to make room, and found nothing to drop.
    var askedForRoomInVain = false
    /// The last job that ended has failed.
    var isSpoolFailing = false
    let spoolBytesBefore: Int

    init(world: World, number: UInt64) {
        let setup = world.setup
        self.world = world
        var traits = setup.traits
        if setup.changesTraits, number % 2 == 0 { traits.mixesSessions.toggle() }
        let ring = LogRing(bytesMax: setup.ringBytesMax, cursorCount: setup.neighbourIndex == nil ? 1 : 2)
        let index = setup.neighbourIndex.map { 1 - $0 } ?? 0
        let forwarder = Forwarder(
            ring: ring, index: index, reporter: ModelReporter(traits: traits, bodyBytesPerLog: setup.bodyBytesPerLog),
            settings: setup.settings,
            spool: setup.durability == .memory
                ? nil : SpoolSettings(durability: setup.durability, after: setup.after, bytesMax: setup.spoolBytesMax),
            seed: world.random.next(), keyPrefix: "p\(number)")
        self.forwarder = forwarder
        let neighbour = setup.neighbourIndex.map { Neighbour(world: world, ring: ring, index: $0, number: number) }
        self.neighbour = neighbour
        fanOut = FanOut(neighbour.map { index == 0 ? [forwarder, $0.forwarder] : [$0.forwarder, forwarder] } ?? [forwarder])
        waiting = WaitingModel(sessions: setup.sessions)
        left = world.spool.content.waiting
        spoolBytesBefore = world.spool.content.bytes
    }

    // MARK: Arrivals

    /// False when the ring has no room and the batch must be offered again.
    func admit(_ logs: LogRange, _ request: ScannedRequest, of payload: RawSpan, hint: inout LaneHint) throws(Violation) -> Bool {
        let droppedBefore = forwarder.ledger.droppedBufferFull.logs
        // However little the neighbour takes; segments that both have something in, and lanes, take some of it.
        let hasRoom = neighbour != nil && forwarder.ringBytesUsed + 3 * forwarder.ring.segmentBytes <= forwarder.cursor.shareBytes
        let admission = fanOut.admit(request, of: payload, arrived: world.now, hint: &hint)
        if case .noRoom = admission {
            try require(!hasRoom || neighbour?.forwarder.isMakingHeadway == true || !forwarder.isMakingHeadway, "the neighbour holds up what is to come: it has \(neighbour?.forwarder.ringBytesUsed ?? 0), this one \(forwarder.ringBytesUsed), of \(forwarder.ring.bytesUsed) bytes")
            world.met.insert(.readingStopped)
            return false
        }
        world.note("admitted \(logs): \(admission)")
        received.logs += UInt64(logs.numbers.count)
        received.batches += 1
        try world.truth.hold(logs, arrived: world.now)
        var oldest = Int(forwarder.ledger.droppedBufferFull.logs - droppedBefore)
        var isTaken = true
        if case .takenDropping(let droppers, let takers) = admission {
            isTaken = takers.contains(forwarder.cursor.index)
            try require((oldest > 0) == droppers.contains(forwarder.cursor.index), "\(oldest) logs were dropped, which is not what is said")
            if !isTaken {
                try require(!hasRoom, "the neighbour leaves no room: it has \(neighbour?.forwarder.ringBytesUsed ?? 0), this one \(forwarder.ringBytesUsed), of \(forwarder.ring.bytesUsed) bytes")
                oldest -= logs.numbers.count
                world.met.insert(.ringFull)
                try drop(logs, .bufferFull)
            } else if oldest == 0 {
                world.met.insert(.neighbourDropped)
            }
        } else {
            try require(oldest == 0, "\(oldest) logs were dropped without a word")
        }
        try require(oldest == 0 || forwarder.settings.overflow == .dropOldest, "the oldest was dropped against the policy")
        try dropOldest(oldest, .bufferFull)
        if isTaken { waiting.add(logs, arrived: world.now) }
        return true
    }

    func drop(_ logs: LogRange, _ reason: DropReason) throws(Violation) {
        try world.truth.end(logs, .dropped)
        droppedLogs[reason, default: 0] += UInt64(logs.numbers.count)
    }

    /// So many logs, of the batches that have waited longest in the ring, have been dropped.
    func dropOldest(_ count: Int, _ reason: DropReason, arrivedBy limit: Instant = Instant(nanoseconds: .max)) throws(Violation) {
        if count > 0 { world.met.insert(reason == .bufferFull ? .droppedOldest : .givenUp) }
        var rest = count
        while rest > 0 {
            guard let oldest = waiting.popOldest(), oldest.logs.numbers.count <= rest else {
                throw Violation("\(count) logs were dropped: not those that waited longest")
            }
            try require(oldest.arrived <= limit, "\(oldest.logs) was given up too early")
            try drop(oldest.logs, reason)
            rest -= oldest.logs.numbers.count
        }
    }

    // MARK: Time

    /// Lets all be done that is to be done now: the time at which there is more to do.
    func pump() throws(Violation) -> Instant? {
        for _ in 0..<2000 {
            switch forwarder.step(world.now) {
            case .send(let delivery):
                try send(delivery)
            case .spool(let job): try start(job)
            case .wait(let until):
                try require(until > world.now, "asks to be woken at \(until.milliseconds), which is not later")
                try noteFormed()
                return until
            case .idle:
                let isStuck = flights.isEmpty && job == nil && phase != .storingRest && !forwarder.isEmpty
                try require(!isStuck, "nothing is under way, something waits, and nothing will wake it")
                try noteFormed()
                return nil
            }
        }
        throw Violation("there is always more to do at once")
    }

    /// Deliveries that were formed and may not be sent yet: halves, while another is under way.
    private func noteFormed() throws(Violation) {
        for entry in forwarder.active where entry.origin == .ring && entry.delivery.attempt == 0 {
            let content = LogRange.all(of: entry.delivery.batches, logs: entry.delivery.logs) ?? []
            try waiting.take(content)
            if isSpoolFailing { world.truth.offer(content) }
        }
    }
}
