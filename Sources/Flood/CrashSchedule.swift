import Glibc

/// When the daemon is killed next, or the clients stop. Lives are drawn from an exponential distribution, so that each moment of a life is as likely as any other: the start, a
/// recovery, a write. It owns no clock: `now` is monotonic nanoseconds.
struct CrashSchedule: Sendable {
    /// Of the mean, so that one draw cannot use up the run.
    private static let longestLife = 4.0

    private let mean: Double
    private var generator: SeededGenerator
    private var killsLeft: Int?
    private(set) var next: (event: Event, at: UInt64)

    enum Event { case kill, end }

    /// The first process begins its life now.
    init(_ configuration: CrashConfiguration, seed: UInt64, now: UInt64) {
        mean = Double(configuration.every.nanoseconds)
        generator = SeededGenerator(seed: seed)
        killsLeft = configuration.count
        next = (.kill, now)
        began(now: now)
    }

    /// A process begins its life now. The one that follows the last kill has a life like the others, at whose end the clients stop.
    mutating func began(now: UInt64) {
        let life = min(Self.longestLife, -log(Double.random(in: Double.leastNonzeroMagnitude...1, using: &generator)))
        next = (killsLeft == 0 ? .end : .kill, now + UInt64(mean * life))
        killsLeft = killsLeft.map { max(0, $0 - 1) }
    }
}
