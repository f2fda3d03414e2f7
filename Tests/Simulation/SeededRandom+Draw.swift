import Pipeline

extension SeededRandom {
    /// A number in `0 ..< bound`.
    mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() >> 33) % bound }
    mutating func between(_ low: Int, _ high: Int) -> Int { low + below(high - low + 1) }
    /// True once in `count` times.
    mutating func once(in count: Int) -> Bool { below(count) == 0 }
    mutating func percent(_ chance: Int) -> Bool { below(100) < chance }
    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}

extension Instant {
    var milliseconds: String { "\(Double(nanoseconds) / 1e6) ms" }
}
