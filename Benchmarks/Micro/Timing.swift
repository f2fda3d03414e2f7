import BenchmarkCases

/// The cases in time. The median tells what to expect, the best what the machine disturbed least.
enum Timing {
    /// One measurement lasts so long, in nanoseconds, at least.
    private static var sampleNanoseconds: Double { 2_000_000 }

    static func run(rounds samples: Int) {
        print("Nanoseconds per operation, median and best of \(samples) samples")
        for benchmark in BenchmarkCase.all {
            let run = benchmark.start()
            var rounds = 1
            while time(run, rounds) < sampleNanoseconds { rounds *= 2 }
            let operations = Double(rounds * benchmark.operationsPerRound)
            let figures = (0..<samples).map { _ in time(run, rounds) / operations }.sorted()
            print("  \(benchmark.name): \(rounded(figures[samples / 2])) ns per \(benchmark.operation), best \(rounded(figures[0]))")
        }
    }

    private static func time(_ run: any BenchmarkRun, _ rounds: Int) -> Double {
        ContinuousClock().measure { for _ in 0..<rounds { run.round() } } / .nanoseconds(1)
    }

    private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
