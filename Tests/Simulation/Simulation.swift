import Pipeline

/// A run: clients, a proxy that is killed and started again, its spool and its destination, from one seed. `run` throws what did not hold.
public struct Simulation {
    let replay: Replay
    let world: World
    var process: SimulatedProcess
    var clients: [SimulatedClient] = []
    /// Which connection each session writes to.
    var connectionOfSession: [Int]
    var intake = Intake()
    /// The step that is under way: the one that a violation is reported of.
    public private(set) var step = 0
    public let steps: Int

    /// Told what happens.
    public var trace: ((String) -> Void)? {
        get { world.trace }
        nonmutating set { world.trace = newValue }
    }

    public var met: Set<Happening> { world.met }

    public init(_ replay: Replay) {
        self.replay = replay
        let setup = Setup(seed: replay.seed)
        steps = min(replay.steps ?? setup.steps, setup.steps)
        world = World(setup: setup, seed: replay.seed)
        process = world.startProcess()
        connectionOfSession = (0..<setup.sessions).map { $0 % setup.connections }
        clients = (0..<setup.connections).map { _ in SimulatedClient() }
    }

    public static func describe(_ seed: UInt64) -> String { "\(Setup(seed: seed))" }

    public mutating func run() throws(Violation) {
        while step < steps {
            // Each step draws from a seed of its own, so that those before it can be left out of a replay.
            world.random = SeededRandom(seed: replay.seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(step))
            if !replay.skipped.contains(step) { try act() }
            try passTime(drawTime())
            step += 1
        }
        try drain()
    }

    func has(_ fault: Fault) -> Bool { !replay.without.contains(fault) }

    private mutating func act() throws(Violation) {
        turnWeather()
        try turnPhase()
        try process.neighbour?.act()
        for _ in 0..<world.random.between(0, 3) {
            switch world.random.below(10) {
            case 0..<5: try letClientsWrite()
            case 5..<8: try answerOne()
            default: try finishJob()
            }
            try settle()
        }
    }

    private func drawTime() -> Duration {
        switch world.random.below(20) {
        case 0..<12: .microseconds(world.random.below(5000))
        case 12..<18: .milliseconds(world.random.below(100))
        case 18: .milliseconds(world.random.below(1500))
        default: .seconds(world.random.below(12))
        }
    }

    /// Wakes the forwarder whenever it wants to be.
    mutating func passTime(_ duration: Duration) throws(Violation) {
        let end = world.now.advanced(by: duration)
        while let wakeAt = try settle(), wakeAt <= end { world.now = wakeAt }
        world.now = max(world.now, end)
        try settle()
    }

    @discardableResult mutating func settle() throws(Violation) -> Instant? {
        let wakeAt = try process.pump()
        if world.setup.durability != .memory, !world.isDiskSlow, process.job != nil, world.random.percent(60) {
            try process.finishJob()
            return try settle()
        }
        let neighbourWakeAt = try process.neighbour?.pump()
        try process.check()
        guard let neighbourWakeAt else { return wakeAt }
        return min(wakeAt ?? neighbourWakeAt, neighbourWakeAt)
    }

    // MARK: Once faults have stopped

    /// All is delivered in bounded time, and nothing is left.
    private mutating func drain() throws(Violation) {
        (world.destination, world.disk, world.isDiskSlow) = (.up, .works, false)
        if process.phase != .running { try restart() }
        let end = world.now.advanced(by: .seconds(100) + world.setup.settings.flushInterval * 300)
        for _ in 0..<20_000 {
            try finishJob()
            while !process.flights.isEmpty { try deliver(0) }
            try process.neighbour?.deliverAll()
            let wakeAt = try settle()
            try readAll()
            guard process.job == nil, process.flights.isEmpty, process.neighbour?.isWaitedFor != true else { continue }
            guard let wakeAt else {
                if try settle() == nil, process.job == nil, process.flights.isEmpty, process.neighbour?.isWaitedFor != true, clients.allSatisfy({ $0.unreadCount == 0 }) { return try finish() }
                continue
            }
            try require(wakeAt <= end, "not drained in time: \(process.forwarder.ledger)")
            world.now = wakeAt
        }
        throw Violation("does not drain: \(process.forwarder.ledger)")
    }

    private mutating func finish() throws(Violation) {
        try process.checkIsEmpty()
        process.phase = .storingRest
        process.forwarder.isStoringRest = true
        try settle()
        try process.stop()
    }
}
