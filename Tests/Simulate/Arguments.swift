import Pipeline
import Simulation

/// What the command line asks for; nil when it is not understood.
struct Arguments {
    /// nil: one replay.
    var seeds: UInt64?
    var replay = Replay(seed: 1)
    var threads = 2
    var traces = false
    /// A bug to plant.
    var canary: Canary?

    init?(_ words: ArraySlice<String>) {
        var words = words
        while let name = words.popFirst() {
            if name == "--trace" {
                traces = true
                continue
            }
            guard let value = words.popFirst(), take(name, value) else { return nil }
        }
    }

    private mutating func take(_ name: String, _ value: String) -> Bool {
        switch name {
        case "--seeds": seeds = UInt64(value)
        case "--seed": return UInt64(value).map { replay.seed = $0 } != nil
        case "--threads": return Int(value).map { threads = max($0, 1) } != nil
        case "--steps": replay.steps = Int(value)
        case "--without":
            let faults = value.split(separator: ",").map { Fault(rawValue: String($0)) }
            replay.without = Set(faults.compactMap { $0 })
            return !faults.contains(nil)
        case "--skip": return skip(value)
        case "--canary":
            canary = Canary(rawValue: value)
            return canary != nil
        default: return false
        }
        return Int(value) != nil || name == "--without"
    }

    private mutating func skip(_ text: String) -> Bool {
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else { return false }
            replay.skipped.formUnion(first...last)
        }
        return true
    }
}
