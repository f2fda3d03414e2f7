import Pipeline
import Synchronization

/// Many seeds, on several threads: the first that fails.
public final class Campaign: Sendable {
    public let first: UInt64
    public let count: UInt64
    /// A bug that is planted in all of them.
    public let canary: Canary?
    private let next: Atomic<UInt64>
    private let finished = Atomic<UInt64>(0)
    /// The lowest seed that has failed.
    private let failed = Mutex<UInt64?>(nil)
    private let progress: (@Sendable (UInt64) -> Void)?

    /// - Parameter progress: told, now and then, how many seeds have run.
    public init(first: UInt64, count: UInt64, canary: Canary? = nil, progress: (@Sendable (UInt64) -> Void)? = nil) {
        self.first = first
        self.count = count
        self.canary = canary
        self.progress = progress
        next = Atomic(0)
    }

    /// The lowest seed that fails of those that were run when the first failed; nil: none does.
    public func run(threads: Int) -> UInt64? {
        let running = (0..<threads).map { _ in WorkerThread { self.work() } }
        for thread in running { thread.join() }
        return failed.withLock { $0 }
    }

    private func work() {
        while failed.withLock({ $0 == nil }) {
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard number < count else { return }
            let fails = Canary.$planted.withValue(canary) { Shrinker.fault(in: Replay(seed: first &+ number)) != nil }
            if fails {
                failed.withLock { $0 = min($0 ?? .max, first &+ number) }
            }
            let done = finished.wrappingAdd(1, ordering: .relaxed).newValue
            if done % 1000 == 0 { progress?(done) }
        }
    }
}
