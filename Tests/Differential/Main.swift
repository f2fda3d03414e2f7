import Glibc
import TestSupport

/// `wire-differential [inputs]`: as many inputs (200,000), built for release by scripts/test; debug builds take ten times as long.
@main
enum Main {
    static func main() async {
        let inputCount = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 0 : 200_000
        guard inputCount > 0 else {
            print("usage: wire-differential [inputs]; BLP_TEST_SEED in the environment repeats a run")
            exit(2)
        }
        let shards = 4
        let outcomes = await withTaskGroup(of: Differential.Outcome.self) { group in
            for shard in 0..<shards {
                group.addTask {
                    Differential.run(seed: TestSeed.current, shard: shard, inputCount: (inputCount + shards - 1) / shards)
                }
            }
            var outcomes: [Differential.Outcome] = []
            for await outcome in group { outcomes.append(outcome) }
            return outcomes
        }
        for outcome in outcomes {
            print(outcome.summary)
            if let fault = outcome.fault { print("FAULT: \(fault)") }
        }
        if outcomes.contains(where: { $0.fault != nil }) { exit(1) }
    }
}
