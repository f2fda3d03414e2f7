import Pipeline

/// What outlives a process: time, the spool, the destination's mood, and the truth.
final class World {
    enum Destination { case up, down, stalled }

    let setup: Setup
    var truth: Truth
    let spool = ModelSpool()
    var now = Instant(nanoseconds: 1_000_000_000)
    var random: SeededRandom
    var destination = Destination.up
    var disk = ModelSpool.Health.works
    /// Jobs of the spool stay under way for some steps.
    var isDiskSlow = false
    var met: Set<Happening> = []
    var trace: ((String) -> Void)?
    private(set) var processCount: UInt64 = 0

    init(setup: Setup, seed: UInt64) {
        self.setup = setup
        truth = Truth(sessions: setup.sessions)
        random = SeededRandom(seed: seed)
    }

    func note(_ text: @autoclosure () -> String) {
        if let trace { trace("\(now.milliseconds): \(text())") }
    }

    func startProcess() -> SimulatedProcess {
        processCount += 1
        return SimulatedProcess(world: self, number: processCount)
    }
}
