import Glibc

/// SplitMix64: small, fast, and the same sequence for a seed everywhere.
public struct TestRandom: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed &>> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed &>> 31)
    }

    /// A number in `0 ..< bound`; `bound` at least 1.
    public mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next() &>> 33) % bound
    }

    /// True once in `count` times.
    public mutating func once(in count: Int) -> Bool { below(count) == 0 }
}

/// The seed of this test run: `BLP_TEST_SEED` in the environment, else a new one each time. Tests print what they use.
public enum TestSeed {
    public static let current: UInt64 = {
        if let text = getenv("BLP_TEST_SEED"), let seed = UInt64(String(cString: text)) { return seed }
        return UInt64.random(in: 0...UInt64(UInt32.max))
    }()
}
