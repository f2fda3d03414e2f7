import Pipeline

/// Which batches wait in the ring: the simulation's own account of it.
struct WaitingModel {
    struct Entry {
        let logs: LogRange
        let arrived: Instant
        var waits = true
    }

    private var entries: [Entry] = []
    /// No entry before it waits.
    private var first = 0
    private var bySession: [(entries: [Int], next: Int)]
    private(set) var tally = Tally()

    init(sessions: Int) {
        bySession = Array(repeating: ([], 0), count: sessions)
    }

    mutating func add(_ logs: LogRange, arrived: Instant) {
        bySession[logs.session].entries.append(entries.count)
        entries.append(Entry(logs: logs, arrived: arrived))
        count(logs, 1)
    }

    private mutating func count(_ logs: LogRange, _ batches: Int) {
        tally.logs &+= UInt64(truncatingIfNeeded: logs.numbers.count * batches)
        tally.batches &+= UInt64(truncatingIfNeeded: batches)
    }

    /// Takes out what a delivery or a run of the spool holds; what is not there was taken before.
    mutating func take(_ content: [LogRange]) throws(Violation) {
        for range in content {
            while let index = head(of: range.session), entries[index].logs.numbers.lowerBound < range.numbers.upperBound {
                let numbers = entries[index].logs.numbers
                try require(numbers.lowerBound >= range.numbers.lowerBound, "\(range) was taken before \(entries[index].logs)")
                setWaits(index, false)
            }
        }
    }

    private mutating func head(of session: Int) -> Int? {
        while bySession[session].next < bySession[session].entries.count {
            let index = bySession[session].entries[bySession[session].next]
            if entries[index].waits { return index }
            bySession[session].next += 1
        }
        return nil
    }

    private mutating func setWaits(_ index: Int, _ waits: Bool) {
        entries[index].waits = waits
        count(entries[index].logs, waits ? 1 : -1)
        if waits { first = min(first, index) }
    }

    /// A run did not get into the spool.
    mutating func giveBack(_ content: [LogRange]) {
        for range in content {
            let lane = bySession[range.session]
            for place in lane.entries.indices.reversed() {
                let index = lane.entries[place]
                if entries[index].logs.numbers.lowerBound >= range.numbers.upperBound { continue }
                guard entries[index].logs.numbers.lowerBound >= range.numbers.lowerBound else { break }
                setWaits(index, true)
                bySession[range.session].next = min(bySession[range.session].next, place)
            }
        }
    }

    /// The batch that has waited longest.
    mutating func popOldest() -> Entry? {
        while first < entries.count, !entries[first].waits { first += 1 }
        guard first < entries.count else { return nil }
        setWaits(first, false)
        return entries[first]
    }
}
