import Pipeline
import Testing

@testable import BoundaryLogProxy

@Suite struct ConfigurationTextTests {
    @Test(arguments: [
        ("0", 0), ("250ms", 250_000_000), ("1.5s", 1_500_000_000), ("2m", 120_000_000_000), ("1h", 3_600_000_000_000),
        ("1h30m", 5_400_000_000_000), ("1m0.5s", 60_500_000_000), ("10us", 10_000), ("10µs", 10_000), ("10μs", 10_000), ("7ns", 7),
        ("0.000000001s", 1), ("0s", 0), ("1.50000000000s", 1_500_000_000), ("9223372036.854775807s", Int64.max as Int64), ("90s", 90_000_000_000),
    ] as [(String, Int64)])
    func durationsAreExact(text: String, nanoseconds: Int64) {
        // The largest has 19 digits, one more than are taken.
        if nanoseconds == .max { #expect(DurationText.parse(text) == nil) } else { #expect(DurationText.parse(text) == .nanoseconds(nanoseconds)) }
    }

    @Test(arguments: [
        "", " ", "5", "00", "s", ".5s", "1.s", "1..5s", "1.5.5s", "-1s", "+1s", "1 s", " 1s", "1s ", "1S", "1sec", "1d", "1s1s", "1s1m", "0.5ns", "1e3s",
        "٣s", "999999999999999999h", "2562048h", "1m-5s", "0x10s", "∞", "1s\0", "1\u{301}s",
    ])
    func whatIsNotADuration(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test(arguments: [
        (0, "0"), (1, "1ns"), (1000, "1us"), (250_000_000, "250ms"), (1_500_000_000, "1.5s"), (90_000_000_000, "1m30s"), (120_000_000_000, "2m"),
        (5_400_000_000_000, "1h30m"), (3_600_000_000_001, "1h1ns"), (-5, "0"),
    ] as [(Int64, String)])
    func durationsAsPeopleWriteThem(nanoseconds: Int64, text: String) { #expect(DurationText.format(.nanoseconds(nanoseconds)) == text) }

    @Test(arguments: [
        ("0", 0), ("4096", 4096), ("4096B", 4096), ("512KiB", 524_288), ("16MiB", 16_777_216), ("1GiB", 1_073_741_824), ("1GB", 1_000_000_000),
        ("2TB", 2_000_000_000_000), ("1TiB", 1_099_511_627_776), ("1kB", 1000), ("1KB", 1000), ("1.5MiB", 1_572_864), ("0.5KiB", 512), ("7MB", 7_000_000),
        ("8388607TiB", 9_223_370_937_343_148_032),
    ])
    func sizesAreExact(text: String, bytes: Int) { #expect(SizeText.parse(text) == bytes) }

    @Test(arguments: ["", "MiB", "-1", "+1", "1 MiB", "1mib", "1M", "1K", "1.5", "0.3KiB", "8388608TiB", "99999999999999999999", "1e6", "0x10", "1_000", "٤", "1MiB\n"])
    func whatIsNotASize(text: String) { #expect(SizeText.parse(text) == nil) }

    @Test(arguments: [(0, "0"), (1, "1"), (1023, "1023"), (4096, "4KiB"), (16 << 20, "16MiB"), (1_000_000_000, "1GB"), (1_572_864, "1536KiB"), (1 << 40, "1TiB")])
    func sizesAsPeopleWriteThem(bytes: Int, text: String) { #expect(SizeText.format(bytes) == text) }

    @Test func whatIsWrittenReadsBackTheSame() {
        var random = SeededGenerator(seed: 0x5EED)
        for _ in 0..<5000 {
            // All magnitudes alike: a random number of bits.
            let value = Int64((random.next() >> 1) >> UInt64.random(in: 0...62, using: &random))
            #expect(SizeText.parse(SizeText.format(Int(value % 1_000_000_000_000_000_000))) == Int(value % 1_000_000_000_000_000_000))
            let duration = Duration.nanoseconds(value % 1_000_000_000_000_000_000)
            #expect(DurationText.parse(DurationText.format(duration)) == duration, "\(value)")
        }
    }

    @Test func rubbishNeverTraps() {
        var random = SeededGenerator(seed: 1)
        let letters = Array("0123456789..hmsunKMGTiB -+µ\0é")
        for _ in 0..<5000 {
            let text = String((0..<Int.random(in: 0...24, using: &random)).map { _ in letters.randomElement(using: &random)! })
            _ = DurationText.parse(text)
            _ = SizeText.parse(text)
            _ = try? HTTPURL(parsing: "http://" + text)
            _ = try? HTTPHeader(parsing: text)
            _ = try? ListenAddress(parsing: text)
        }
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
