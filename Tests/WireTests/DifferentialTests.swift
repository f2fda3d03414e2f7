import TestSupport
import Testing

@testable import wire_differential

/// A tenth of what `wire-differential` does in scripts/test, where it is built for release. `BLP_TEST_SEED` replays a run.
struct DifferentialTests {
    @Test(arguments: 0..<4)
    func readsWhatSwiftProtobufReads(shard: Int) {
        let outcome = Differential.run(seed: TestSeed.current, shard: 100 + shard, inputCount: 5000)
        print("differential: \(outcome.summary)")
        if let fault = outcome.fault { Issue.record("\(outcome.summary)\n\(fault)") }
    }
}
