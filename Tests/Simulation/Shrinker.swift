/// Makes a failing replay shorter while it still fails.
public struct Shrinker {
    public private(set) var replay: Replay
    public private(set) var violation: Violation

    /// nil: it does not fail.
    public init?(_ replay: Replay) {
        guard let (violation, step) = Self.fault(in: replay) else { return nil }
        self.replay = replay
        self.replay.steps = step + 1
        self.violation = violation
        _ = adopt(self.replay)
    }

    /// What does not hold in a replay, and in which step.
    public static func fault(in replay: Replay, trace: ((String) -> Void)? = nil) -> (Violation, step: Int)? {
        var simulation = Simulation(replay)
        simulation.trace = trace
        do throws(Violation) {
            try simulation.run()
            return nil
        } catch {
            return (error, simulation.step)
        }
    }

    public mutating func shrink() {
        truncate()
        for fault in Fault.allCases where !replay.without.contains(fault) {
            var shorter = replay
            shorter.without.insert(fault)
            _ = adopt(shorter)
        }
        skip()
        truncate()
    }

    private mutating func adopt(_ candidate: Replay) -> Bool {
        guard let (violation, step) = Self.fault(in: candidate) else { return false }
        self.violation = violation
        replay = candidate
        replay.steps = min(candidate.steps ?? .max, step + 1)
        return true
    }

    /// What shows only when all is drained may show after fewer steps.
    private mutating func truncate() {
        var cut = (replay.steps ?? 0) / 2
        while cut > 0 {
            var shorter = replay
            shorter.steps = (replay.steps ?? 0) - cut
            if !adopt(shorter) { cut /= 2 }
            cut = min(cut, (replay.steps ?? 0) / 2)
        }
    }

    /// Whole stretches first, then single steps.
    private mutating func skip() {
        var length = max((replay.steps ?? 0) / 2, 1)
        while true {
            var start = 0
            while start < replay.steps ?? 0 {
                let stretch = Set(start..<min(start + length, replay.steps ?? 0))
                if !stretch.isSubset(of: replay.skipped) {
                    var shorter = replay
                    shorter.skipped.formUnion(stretch)
                    _ = adopt(shorter)
                }
                start += length
            }
            guard length > 1 else { return }
            length /= 2
        }
    }
}
