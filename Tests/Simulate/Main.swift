import Glibc
import Pipeline
import Simulation

/// `scripts/simulate`: runs seeds, and shows the first that fails with its shortest replay; or one replay.
@main
struct Main {
    static func main() {
        guard let arguments = Arguments(CommandLine.arguments.dropFirst()) else {
            print("usage: simulate --seeds N [--seed S] [--threads T] | --seed S [--steps N] [--without FAULT,…] [--skip A-B,C,…]")
            exit(2)
        }
        let status = Canary.$planted.withValue(arguments.canary) {
            arguments.seeds.map { run($0, arguments) } ?? replay(arguments.replay, arguments.traces)
        }
        exit(status)
    }

    private static func run(_ seeds: UInt64, _ arguments: Arguments) -> Int32 {
        let first = arguments.replay.seed
        print("\(seeds) seeds from \(first) on \(arguments.threads) threads")
        let start = ContinuousClock.now
        let campaign = Campaign(first: first, count: seeds, canary: arguments.canary) { print("  \($0) seeds, \(start.duration(to: .now))") }
        guard let failing = campaign.run(threads: arguments.threads), var shrinker = Shrinker(Replay(seed: failing)) else {
            print("all hold, after \(start.duration(to: .now))")
            return 0
        }
        print("seed \(failing) fails in step \((shrinker.replay.steps ?? 1) - 1): \(shrinker.violation)")
        print("  \(Simulation.describe(failing))")
        shrinker.shrink()
        print("shortest replay: \(shrinker.violation)")
        print("  scripts/simulate \(shrinker.replay)")
        return 1
    }

    private static func replay(_ replay: Replay, _ traces: Bool) -> Int32 {
        print(Simulation.describe(replay.seed))
        guard let (violation, step) = Shrinker.fault(in: replay, trace: traces ? { print($0) } : nil) else {
            print("all holds")
            return 0
        }
        print("step \(step): \(violation)")
        return 1
    }
}
