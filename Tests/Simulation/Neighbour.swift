import Pipeline

/// Another destination of the same ring, with moods of its own and without a spool. The one that the simulation is about must not notice it.
final class Neighbour {
    let forwarder: Forwarder
    private let world: World
    private var mood = World.Destination.up
    private var flights: [Flight] = []
    /// Of each session, the first number that it may be sent next.
    private var next: [Int]
    private var deliveredLogs: UInt64 = 0

    init(world: World, ring: LogRing, index: Int, number: UInt64) {
        let setup = world.setup
        self.world = world
        forwarder = Forwarder(
            ring: ring, index: index, reporter: ModelReporter(traits: setup.neighbourTraits, bodyBytesPerLog: 0),
            settings: setup.settings, seed: world.random.next(), keyPrefix: "n\(number)")
        next = Array(repeating: 0, count: setup.sessions)
    }

    func act() throws(Violation) {
        if world.random.once(in: world.setup.stepsPerOutage) { mood = mood == .up ? world.random.pick([.down, .stalled]) : .up }
        if world.random.once(in: 2) { try answer() }
    }

    func pump() throws(Violation) -> Instant? {
        for _ in 0..<2000 {
            switch forwarder.step(world.now) {
            case .send(let delivery):
                let flight = try Flight(delivery)
                for range in flight.content {
                    try require(range.numbers.lowerBound >= next[range.session], "\(range) comes to the neighbour after \(next[range.session])")
                    let isUnderWay = flights.contains { $0.content.contains { $0.session == range.session } }
                    try require(!isUnderWay, "session \(range.session) is under way to the neighbour twice at once")
                }
                flights.append(flight)
            case .spool: throw Violation("the neighbour has no spool, and a job for it")
            case .wait(let until): return until
            case .idle: return nil
            }
        }
        throw Violation("the neighbour always has more to do at once")
    }

    private func answer() throws(Violation) {
        guard !flights.isEmpty, mood != .stalled else { return }
        let index = world.random.below(flights.count)
        guard mood == .up else { return try settle(index, .transient(reason: "down", retryAfter: nil)) }
        try settle(index, world.random.once(in: 20) ? .rejected(reason: "400") : .delivered)
    }

    private func settle(_ index: Int, _ outcome: DeliveryOutcome) throws(Violation) {
        let flight = flights.remove(at: index)
        try flight.checkBytes()
        _ = forwarder.settle(flight.delivery.number, outcome, now: world.now)
        if case .transient = outcome { return }
        for range in flight.content { next[range.session] = range.numbers.upperBound }
        if case .delivered = outcome { deliveredLogs += UInt64(flight.delivery.logCount) }
    }

    /// Faults have stopped.
    func deliverAll() throws(Violation) {
        mood = .up
        while !flights.isEmpty { try settle(0, .delivered) }
    }

    var isWaitedFor: Bool { !flights.isEmpty }

    func check(received: Tally) throws(Violation) {
        let ledger = forwarder.ledger
        try require(ledger.balances, "the neighbour's ledger does not balance: \(ledger)")
        try require(ledger.received == received, "received \(received), the neighbour's ledger says \(ledger.received)")
        try require(ledger.delivered.logs == deliveredLogs, "\(deliveredLogs) logs reached the neighbour, its ledger says \(ledger.delivered.logs)")
    }

    func stop() throws(Violation) {
        forwarder.abandon()
        let ledger = forwarder.ledger
        try require(ledger.balances && ledger.waiting == Tally() && ledger.inFlight == Tally(), "the neighbour's ledger is left with \(ledger)")
        try require(forwarder.laneCount == 0, "the neighbour has \(forwarder.laneCount) lanes open")
    }
}
