import Pipeline

/// What a spool should do, done in memory, in the plainest way.
struct SpoolModel {
    struct Row {
        var session: String
        var logs: [SpoolRequest.Log]
        var batches: [Int]
        var arrived: Int64
        var state: State
        /// The number of the row that stood there first, and the logs before it.
        var place: (claim: Int, part: Int)
        var bytes: Int { batches.reduce(0, +) }
        var tally: Tally { Tally(logs: UInt64(logs.count), batches: UInt64(batches.count)) }
    }

    enum State: Equatable {
        case free
        case held(String)
        /// Claimed by a process before this one.
        case orphaned(String)
    }

    struct Loaded: Equatable {
        var key: String
        var wasClaimed: Bool
        var logs: [SpoolRequest.Log]
        var batchBytes: [Int]
        var tally: Tally
        var age: Duration
    }

    /// In the order in which they were added.
    private(set) var rows: [Row] = []

    var heldKeys: [String] {
        var keys: [String] = []
        for row in rows { if case .held(let key) = row.state, !keys.contains(key) { keys.append(key) } }
        return keys
    }

    // MARK: One job

    mutating func settle(_ keys: [String]) {
        rows.removeAll { if case .held(let key) = $0.state { keys.contains(key) } else { false } }
    }

    mutating func expire(before limit: Int64) -> Tally { drop { $0.arrived < limit } }

    mutating func makeRoom(_ bytes: Int) -> Tally {
        var freed = 0
        return drop { row in
            guard freed < bytes else { return false }
            freed += SpoolRun.footprint(ofBytes: row.bytes)
            return true
        }
    }

    private mutating func drop(_ isDropped: (Row) -> Bool) -> Tally {
        var tally = Tally()
        rows.removeAll { row in
            guard row.state == .free, isDropped(row) else { return false }
            tally = Self.sum(tally, row.tally)
            return true
        }
        return tally
    }

    private var claims = 0

    /// `place`: as `SpoolRun.Place`; of a key that is held now.
    mutating func add(_ run: SpoolRun, session: String, logs: [SpoolRequest.Log], batches: [Int], arrived: Int64) {
        var place = (claim: 0, part: 0)
        if let wanted = run.place, let first = rows.first(where: { $0.state == .held(wanted.key) }) {
            place = (first.place.claim, first.place.part + wanted.logsBefore)
        } else if let key = run.key {
            claims += 1
            place.claim = rows.first { $0.state == .held(key) }?.place.claim ?? claims
        }
        rows.append(Row(
            session: session, logs: logs, batches: batches, arrived: arrived, state: run.key.map { .held($0) } ?? .free, place: place))
    }

    mutating func load(_ load: SpoolLoad, wall: Int64) -> [Loaded] {
        var loaded: [Loaded] = []
        var keys = load.keys[...]
        var left = Int.max
        while loaded.count < load.keys.count {
            var (indices, key, wasClaimed): ([Int], String, Bool)
            if let orphan = orphans.first, case .orphaned(let orphanKey) = rows[orphan].state {
                (indices, key, wasClaimed) = (orphans.filter { rows[$0].state == .orphaned(orphanKey) }, orphanKey, true)
            } else {
                (indices, key, wasClaimed) = (next(load), keys.first ?? "", false)
            }
            let bytes = indices.reduce(0) { $0 + rows[$1].bytes }
            guard !indices.isEmpty, bytes <= left else { break }
            if !wasClaimed { keys.removeFirst() }
            if loaded.isEmpty { left = load.totalBytesMax }
            left -= bytes
            let taken = indices.map { rows[$0] }
            claims += 1
            for index in indices {
                rows[index].state = .held(key)
                if !wasClaimed { rows[index].place.claim = claims }
            }
            loaded.append(Loaded(
                key: key, wasClaimed: wasClaimed, logs: taken.flatMap(\.logs), batchBytes: taken.flatMap(\.batches),
                tally: taken.reduce(Tally()) { Self.sum($0, $1.tally) },
                age: .nanoseconds(wall - taken.map(\.arrived).min()!)))
        }
        return loaded
    }

    /// In order.
    private var orphans: [Int] {
        rows.indices.filter { if case .orphaned = rows[$0].state { true } else { false } }
            .sorted { (rows[$0].place.claim, rows[$0].place.part, $0) < (rows[$1].place.claim, rows[$1].place.part, $1) }
    }

    private func next(_ load: SpoolLoad) -> [Int] {
        guard let head = rows.firstIndex(where: { $0.state == .free }) else { return [] }
        var (indices, bytes) = ([head], rows[head].bytes)
        for index in rows.indices where index > head && rows[index].state == .free && (load.mixesSessions || rows[index].session == rows[head].session) {
            bytes += rows[index].bytes
            guard bytes <= load.bytesMax else { break }
            indices.append(index)
        }
        return indices
    }

    // MARK: What it holds

    func content(_ clock: SpoolBench.Clock) -> SpoolContent {
        var content = SpoolContent()
        for row in rows {
            content.bytes += SpoolRun.footprint(ofBytes: row.bytes)
            if case .held = row.state { continue }
            content.waiting = Self.sum(content.waiting, row.tally)
            content.waitingBytes += row.bytes
            let arrived = clock.now.advanced(by: .nanoseconds(row.arrived - clock.wall))
            content.oldestArrived = min(content.oldestArrived ?? arrived, arrived)
        }
        return content
    }

    /// The process ends: what it held is claimed by one before.
    mutating func restart() {
        for index in rows.indices { if case .held(let key) = rows[index].state { rows[index].state = .orphaned(key) } }
    }

    private static func sum(_ a: Tally, _ b: Tally) -> Tally { Tally(logs: a.logs + b.logs, batches: a.batches + b.batches) }
}
