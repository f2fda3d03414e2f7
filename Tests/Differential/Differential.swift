import TestSupport
import Wire

/// The scan against swift-protobuf, over generated payloads and damaged ones.
public enum Differential {
    /// The inputs of one shard: which shard of which seed, by number.
    public struct Inputs {
        private var random: TestRandom
        private var generator: PayloadGenerator
        private var mutator: PayloadMutator

        public init(seed: UInt64, shard: Int) {
            random = TestRandom(seed: seed &+ UInt64(shard) &* 0x1_0000_0001)
            generator = PayloadGenerator(seed: random.next())
            mutator = PayloadMutator(seed: random.next())
        }

        /// The next payload; two of three are damaged.
        public mutating func next() -> (tag: FrameTag, payload: [UInt8], isDamaged: Bool) {
            let tag: FrameTag = random.once(in: 3) ? .logs : .message
            let valid = generator.payload(tag)
            return random.once(in: 3) ? (tag, valid, false) : (tag, mutator.mutate(valid), true)
        }
    }

    public struct Outcome: Sendable {
        /// What was done, on one line, with the seed that repeats it.
        public var summary: String
        /// What is wrong, if anything.
        public var fault: String?
    }

    public static func run(seed: UInt64, shard: Int, inputCount: Int) -> Outcome {
        var inputs = Inputs(seed: seed, shard: shard)
        var cuts = TestRandom(seed: seed)
        var comparison = OracleComparison()
        var fault: String?
        let elapsed = ContinuousClock().measure {
            for number in 0..<inputCount where fault == nil {
                let (tag, payload, isDamaged) = inputs.next()
                let rejectedBefore = comparison.rejected
                fault = comparison.fault(tag, payload, random: &cuts)
                if !isDamaged, comparison.rejected > rejectedBefore { fault = "a valid payload was refused" }
                if let found = fault { fault = "input \(number): \(found)\ntag \(tag), payload \(payload)" }
            }
        }
        // A generator that makes only one kind of input would prove nothing.
        if fault == nil, comparison.accepted < inputCount / 4 || comparison.rejected < inputCount / 8 { fault = "lopsided inputs" }
        let summary = """
            BLP_TEST_SEED=\(seed) shard \(shard): \(comparison.accepted) accepted with \(comparison.logs) logs, \
            \(comparison.rejected) rejected, \(comparison.divergent) where swift-protobuf differs from Go, \(elapsed)
            """
        return Outcome(summary: summary, fault: fault)
    }
}
