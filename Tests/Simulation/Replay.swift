/// One run: everything in it follows from the seed, less what shrinking has taken away.
public struct Replay: Sendable, CustomStringConvertible {
    public var seed: UInt64
    /// nil: as many as the seed draws.
    public var steps: Int?
    public var without: Set<Fault> = []
    /// Steps in which nothing happens but time.
    public var skipped: Set<Int> = []

    public init(seed: UInt64) { self.seed = seed }

    /// As arguments of `simulate`.
    public var description: String {
        var words = ["--seed \(seed)"]
        if let steps { words.append("--steps \(steps)") }
        if !without.isEmpty { words.append("--without \(without.map(\.rawValue).sorted().joined(separator: ","))") }
        if !skipped.isEmpty { words.append("--skip \(Self.text(of: skipped))") }
        return words.joined(separator: " ")
    }

    private static func text(of steps: Set<Int>) -> String {
        var ranges: [ClosedRange<Int>] = []
        for step in steps.sorted() {
            if let last = ranges.last, last.upperBound + 1 == step {
                ranges[ranges.count - 1] = last.lowerBound...step
            } else {
                ranges.append(step...step)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }
}
