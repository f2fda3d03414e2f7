/// The rows that deliveries of this process hold, by their keys. Changes of a job that fails can be taken back.
struct SpoolHolds {
    struct Row {
        var id: Int64
        var place: Place
        /// `SpoolRun.footprint` of it.
        var footprint: Int
    }

    /// Where a claimed row stands among the others, when a process after this one takes them up.
    struct Place {
        /// Counts deliveries in the order in which they were claimed; the parts of one that was split have its number. Not by the age of their rows: one
        /// of several sessions may hold an older row than a delivery that was claimed before it, and one that must follow.
        var claim: Int64
        /// Logs of that delivery before it.
        var part: Int64 = 0
    }

    struct Hold {
        var rows: [Row] = []
        /// The claims are in the database, not only here.
        var isClaimed = true
    }

    private(set) var byKey: [String: Hold] = [:]
    private(set) var ids: Set<Int64> = []
    /// Keys whose claims are only here, because writing failed when they were loaded.
    private(set) var unclaimed: Set<String> = []
    /// What keys held before the job that is under way, the last change last.
    private var undo: [(key: String, before: Hold?)] = []

    func contains(_ id: Int64) -> Bool { ids.contains(id) }

    /// From now on changes can be taken back.
    mutating func begin() { undo.removeAll(keepingCapacity: true) }

    mutating func rollBack() {
        while let (key, before) = undo.popLast() { set(key, before) }
    }

    /// Adds rows to what `key` holds.
    mutating func hold(_ rows: [Row], for key: String, isClaimed: Bool) {
        var hold = byKey[key] ?? Hold(rows: [], isClaimed: isClaimed)
        hold.rows += rows
        hold.isClaimed = hold.isClaimed && isClaimed
        change(key, hold)
    }

    mutating func release(_ key: String) -> Hold? {
        guard let hold = byKey[key] else { return nil }
        change(key, nil)
        return hold
    }

    mutating func markClaimed(_ key: String) {
        guard var hold = byKey[key] else { return }
        hold.isClaimed = true
        change(key, hold)
    }

    /// Forgets rows that are not in the database any more.
    mutating func keep(_ isThere: (Int64) -> Bool) {
        for (key, hold) in byKey where hold.rows.contains(where: { !isThere($0.id) }) {
            var hold = hold
            hold.rows.removeAll { !isThere($0.id) }
            change(key, hold)
        }
    }

    private mutating func change(_ key: String, _ hold: Hold?) {
        undo.append((key, byKey[key]))
        set(key, hold)
    }

    private mutating func set(_ key: String, _ hold: Hold?) {
        if let old = byKey[key] { for row in old.rows { ids.remove(row.id) } }
        if let hold { for row in hold.rows { ids.insert(row.id) } }
        byKey[key] = hold
        if hold?.isClaimed == false { unclaimed.insert(key) } else { unclaimed.remove(key) }
    }
}
