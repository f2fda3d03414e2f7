import Glibc
import Pipeline
import Simulation
import Testing

/// 10,000 runs of all of Wire and Pipeline; scripts/simulate runs more, and replays one.
@Suite(.serialized) struct SimulationTests {
    static let threads = max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)

    @Test func tenThousandSeedsHold() {
        guard let failing = Campaign(first: 1, count: 10_000).run(threads: Self.threads), let shrinker = Shrinker(Replay(seed: failing)) else { return }
        Issue.record("\(shrinker.violation): scripts/simulate \(shrinker.replay), \(Simulation.describe(failing))")
    }

    /// So that a change of what seeds draw cannot empty the runs of what matters.
    @Test func theSeedsMeetWhatTheyAreFor() {
        var met: [Happening: Int] = [:]
        for seed in 1...1000 as ClosedRange<UInt64> {
            var simulation = Simulation(Replay(seed: seed))
            do { try simulation.run() } catch { Issue.record("seed \(seed): \(error)") }
            for happening in simulation.met { met[happening, default: 0] += 1 }
        }
        for happening in Happening.allCases {
            #expect(met[happening, default: 0] >= 10, "only \(met[happening, default: 0]) of 1000 seeds meet \(happening)")
        }
    }

    @Test(arguments: Canary.allCases.filter { $0 != .doubleRelease })
    func aPlantedBugIsFound(canary: Canary) throws {
        let failing = Campaign(first: 1, count: 1000, canary: canary).run(threads: Self.threads)
        let seed = try #require(failing, "no seed finds it")
        try Canary.$planted.withValue(canary) {
            var shrinker = try #require(Shrinker(Replay(seed: seed)))
            let steps = try #require(shrinker.replay.steps)
            shrinker.shrink()
            #expect(shrinker.replay.steps! <= steps && Shrinker.fault(in: shrinker.replay) != nil, "the replay does not fail")
        }
        #expect(Shrinker.fault(in: Replay(seed: seed)) == nil, "it fails without the bug as well")
    }

    /// It may trap before an assertion sees it: what lies in a segment is overwritten while lanes still lead there.
    @Test func aDoubleReleaseIsFound() async {
        await #expect(processExitsWith: .success) {
            exit(Campaign(first: 1, count: 100).run(threads: 1) == nil ? 0 : 1)
        }
        await #expect(processExitsWith: .failure) {
            exit(Campaign(first: 1, count: 1000, canary: .doubleRelease).run(threads: 1) == nil ? 0 : 1)
        }
    }
}
