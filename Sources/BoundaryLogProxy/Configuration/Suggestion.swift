/// "Did you mean": the candidate that is nearest to what was written.
enum Suggestion {
    /// `nil` when nothing is near: more than a third of the letters would have to change.
    static func nearest(to text: String, among candidates: [String]) -> String? {
        // The cost is the product of the lengths; nothing over this length is near any name.
        guard text.utf8.count <= 100 else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance = editDistance(Array(text.utf8), Array(candidate.utf8))
            guard distance <= max(1, candidate.utf8.count / 3) || isPartOf(text, candidate) else { continue }
            if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
        }
        return best?.name
    }

    // "mode" for "socket-mode", "socket-path" for "socket": whole words of one in the other.
    private static func isPartOf(_ text: String, _ candidate: String) -> Bool {
        let words = { (name: String) in Set(name.lowercased().split(whereSeparator: { $0 == "-" || $0 == "_" })) }
        let (a, b) = (words(text), words(candidate))
        return !a.isEmpty && (a.isSubset(of: b) || b.isSubset(of: a))
    }

    /// Letters to insert, delete, replace, or swap with their neighbour.
    static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...b.count)
        for i in a.indices {
            var current = [i + 1]
            for j in b.indices {
                var distance = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { distance = min(distance, beforePrevious[j - 1] + 1) }
                current.append(distance)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[b.count]
    }
}
