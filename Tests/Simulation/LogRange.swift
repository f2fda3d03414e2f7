import Pipeline

/// Logs of one session that follow each other. The simulation knows each log by its session and number.
struct LogRange: Hashable, CustomStringConvertible {
    var session: Int
    var numbers: Range<Int>

    var description: String { "\(session)/\(numbers)" }

    init(session: Int, numbers: Range<Int>) {
        self.session = session
        self.numbers = numbers
    }

    /// The logs of `batches`, neighbours joined; only those number `logs` of the one batch when given. nil: not the simulation's bytes.
    static func all(of batches: [Batch], logs: Range<Int>?) -> [LogRange]? {
        var ranges: [LogRange] = []
        for batch in batches {
            guard var range = Message.logs(in: batch.request) else { return nil }
            if let logs {
                guard logs.upperBound <= range.numbers.count else { return nil }
                range.numbers = range.numbers.lowerBound + logs.lowerBound..<range.numbers.lowerBound + logs.upperBound
            }
            ranges.append(joining: range)
        }
        return ranges
    }
}

extension [LogRange] {
    mutating func append(joining range: LogRange) {
        if let last, last.session == range.session, last.numbers.upperBound == range.numbers.lowerBound {
            self[count - 1].numbers = last.numbers.lowerBound..<range.numbers.upperBound
        } else {
            append(range)
        }
    }

    func contains(_ session: Int, _ number: Int) -> Bool { contains { $0.session == session && $0.numbers.contains(number) } }

    var logCount: Int { reduce(0) { $0 + $1.numbers.count } }
}
