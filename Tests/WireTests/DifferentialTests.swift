import TestSupport
import Testing
import Wire

/// The scan against swift-protobuf, over generated payloads and damaged ones. `BLP_TEST_SEED` replays a run.
struct DifferentialTests {
    /// 200,000 inputs in all, by default.
    static let inputsPerShard = 50_000

    @Test(arguments: 0..<4)
    func readsWhatSwiftProtobufReads(shard: Int) {
        let seed = TestSeed.current &+ UInt64(shard) &* 0x1_0000_0001
        var random = SeededRandom(seed: seed)
        var generator = PayloadGenerator(seed: random.next())
        var mutator = PayloadMutator(seed: random.next())
        var comparison = OracleComparison()
        let clock = ContinuousClock()
        let start = clock.now
        for number in 0..<Self.inputsPerShard {
            let tag: FrameTag = random.once(in: 3) ? .logs : .message
            let valid = generator.payload(tag)
            let isDamaged = !random.once(in: 3)
            let payload = isDamaged ? mutator.mutate(valid) : valid
            let rejectedBefore = comparison.rejected
            if let fault = comparison.fault(tag, payload, random: &random) {
                Issue.record("BLP_TEST_SEED=\(TestSeed.current) shard \(shard) input \(number): \(fault)\ntag \(tag) payload \(payload)")
                return
            }
            if !isDamaged, comparison.rejected > rejectedBefore {
                Issue.record("BLP_TEST_SEED=\(TestSeed.current) shard \(shard) input \(number): a valid payload was refused: \(payload)")
                return
            }
        }
        print("""
            differential: BLP_TEST_SEED=\(TestSeed.current) shard \(shard): \(comparison.accepted) accepted with \(comparison.logs) logs, \
            \(comparison.rejected) rejected, \(comparison.divergent) where swift-protobuf differs from Go, \(clock.now - start)
            """)
        // A generator that makes only one kind of input would prove nothing.
        #expect(comparison.accepted > Self.inputsPerShard / 4)
        #expect(comparison.rejected > Self.inputsPerShard / 8)
    }
}
