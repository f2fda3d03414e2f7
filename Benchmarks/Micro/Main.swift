// The micro benchmarks.
//   boundary-bench [--brief]          in time: each case, and Wire against swift-protobuf
//   boundary-bench --list             the cases, a line each: name, operation, operations per round, rounds for a count of instructions
//   boundary-bench --run NAME ROUNDS  one case, saying nothing: for valgrind, perf and the like (scripts/instructions)

import BenchmarkCases

@main
enum Main {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "--list":
            for benchmark in BenchmarkCase.all {
                print(benchmark.name, benchmark.operation, benchmark.operationsPerRound, benchmark.rounds)
            }
        case "--run":
            guard arguments.count == 3, let benchmark = BenchmarkCase.all.first(where: { $0.name == CommandLine.arguments[2] }),
                let rounds = UInt32(CommandLine.arguments[3])
            else { fatalError("usage: boundary-bench --run NAME ROUNDS, with a name of --list") }
            let run = benchmark.start()
            for _ in 0..<rounds { run.round() }
        default:
            let rounds = arguments.contains("--brief") ? 5 : 40
            Timing.run(rounds: rounds)
            Comparison.run(rounds: rounds)
        }
    }
}
