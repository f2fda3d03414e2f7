import Pipeline

/// What has truly become of each log, over all processes of a run, and the rules for what the destination sees.
struct Truth {
    enum Status: UInt8 {
        /// A client has it still.
        case written
        /// The proxy has it.
        case held
        case acknowledged
        case dropped
        /// It was in memory when the process was killed, or unread.
        case lost

        var isEnd: Bool { self != .written && self != .held }
    }

    struct Log {
        var status = Status.written
        var arrived = Instant(nanoseconds: 0)
        /// The number of the key under which the destination has recorded it; -1: it has not.
        var recordedUnder: Int32 = -1
        /// It was sent, or was to be next while the spool failed.
        var wasOffered = false
        /// It was sent under a key that the spool could not write down.
        var keyMayChange = false
        /// It was dropped, and the process ended before the spool knew: it comes after what was delivered since.
        var mayBeLate = false
        /// Where it was found while the end of a process is worked out.
        fileprivate var isInSpool = false
        fileprivate(set) var isInJob = false
    }

    private(set) var logs: [[Log]]
    /// The first of each session that is not at its end.
    private var firstOwed: [Int]
    private var lastRecorded: [Int]
    /// The spool could not be read while it held something of them: what arrived later goes first then.
    var isOutOfOrder: [Bool]
    private var keys: [String: (number: Int32, content: [LogRange], isRecorded: Bool)] = [:]

    init(sessions: Int) {
        logs = Array(repeating: [], count: sessions)
        firstOwed = Array(repeating: 0, count: sessions)
        lastRecorded = Array(repeating: -1, count: sessions)
        isOutOfOrder = Array(repeating: false, count: sessions)
    }

    subscript(session: Int, number: Int) -> Log { logs[session][number] }

    // MARK: On the way

    mutating func write(_ session: Int, count: Int) -> LogRange {
        let first = logs[session].count
        logs[session] += Array(repeating: Log(), count: count)
        return LogRange(session: session, numbers: first..<first + count)
    }

    mutating func hold(_ range: LogRange, arrived: Instant) throws(Violation) {
        for number in range.numbers {
            try require(logs[range.session][number].status == .written, "\(range.session)/\(number) was received twice")
            logs[range.session][number].status = .held
            logs[range.session][number].arrived = arrived
        }
    }

    /// Acknowledged, dropped or lost: nothing more may happen to them.
    mutating func end(_ range: LogRange, _ status: Status) throws(Violation) {
        for number in range.numbers {
            let before = logs[range.session][number].status
            try require(!before.isEnd, "\(range.session)/\(number) is \(status) after it was \(before)")
            logs[range.session][number].status = status
        }
        while firstOwed[range.session] < logs[range.session].count, logs[range.session][firstOwed[range.session]].status.isEnd {
            firstOwed[range.session] += 1
        }
    }

    // MARK: The destination

    /// Nothing that has ended is sent, nothing before what its session is owed first, and nothing else under a key than before.
    mutating func check(sending content: [LogRange], key: String) throws(Violation) {
        if let known = keys[key] {
            try require(known.content == content, "\(key) came with \(known.content), and now with \(content)")
        } else {
            keys[key] = (Int32(keys.count), content, false)
        }
        var expected: [Int: Int] = [:]
        for range in content {
            var next = expected[range.session] ?? firstOwed[range.session]
            for number in range.numbers {
                let log = logs[range.session][number]
                try require(log.status == .held, "\(range.session)/\(number) is sent again although it is \(log.status)")
                while next < number, logs[range.session][next].status.isEnd { next += 1 }
                try require(next == number || isOutOfOrder[range.session], "\(range.session)/\(number) is sent before \(range.session)/\(next)")
                next = number + 1
                logs[range.session][number].wasOffered = true
            }
            expected[range.session] = next
        }
    }

    /// The destination takes a delivery in. What it has already may come again under the same key only.
    mutating func record(_ content: [LogRange], key: String) throws(Violation) {
        guard let number = keys[key]?.number else { throw Violation("\(key) was never sent") }
        keys[key]?.isRecorded = true
        try record(content, number)
    }

    private mutating func record(_ content: [LogRange], _ key: Int32) throws(Violation) {
        for range in content {
            for number in range.numbers {
                let log = logs[range.session][number]
                guard log.recordedUnder < 0 else {
                    try require(log.recordedUnder == key || log.keyMayChange, "\(range.session)/\(number) came again under another key")
                    continue
                }
                try require(
                    number > lastRecorded[range.session] || log.mayBeLate || isOutOfOrder[range.session],
                    "\(range.session)/\(number) arrived after \(range.session)/\(lastRecorded[range.session])")
                lastRecorded[range.session] = max(lastRecorded[range.session], number)
                logs[range.session][number].recordedUnder = key
            }
        }
    }

    mutating func offer(_ content: [LogRange]) {
        for range in content {
            for number in range.numbers { logs[range.session][number].wasOffered = true }
        }
    }

    func hasRecorded(_ key: String) -> Bool { keys[key]?.isRecorded ?? false }

    mutating func letKeyChange(_ content: [LogRange]) {
        for range in content {
            for number in range.numbers { logs[range.session][number].keyMayChange = true }
        }
    }

    // MARK: The end of a process

    /// What the spool has comes back, whatever had become of it; all else that was not at its end is lost. `isPromised`: that may not be.
    mutating func endProcess(spool: [LogRange], job: [LogRange] = [], isPromised: (Log) -> Bool) throws(Violation) {
        for range in spool { for number in range.numbers { logs[range.session][number].isInSpool = true } }
        for range in job { for number in range.numbers { logs[range.session][number].isInJob = true } }
        for session in logs.indices {
            for number in logs[session].indices {
                var log = logs[session][number]
                if log.isInSpool {
                    log.mayBeLate = log.mayBeLate || log.status.isEnd
                    log.status = .held
                } else if !log.status.isEnd {
                    let isMissed = log.status == .held && isPromised(log)
                    try require(!isMissed, "\(session)/\(number), arrived at \(log.arrived.milliseconds), is gone with its process")
                    log.status = .lost
                }
                (log.isInSpool, log.isInJob) = (false, false)
                logs[session][number] = log
            }
            firstOwed[session] = logs[session].firstIndex { !$0.status.isEnd } ?? logs[session].count
        }
    }

    /// Logs that the proxy owes.
    var heldCount: UInt64 {
        var count: UInt64 = 0
        for session in logs.indices {
            for log in logs[session][firstOwed[session]...] where log.status == .held { count += 1 }
        }
        return count
    }

    func heldCount(in ranges: [LogRange]) -> UInt64 {
        ranges.reduce(0) { sum, range in sum + UInt64(logs[range.session][range.numbers].count { $0.status == .held }) }
    }
}
