import Pipeline

/// The part of a job that takes deliveries out.
extension SpoolStore {
    private var attempt: String { "read the spool \(directory.path)" }

    func isFree(_ id: Int64) -> Bool { !holds.contains(id) && !orphanIDs.contains(id) }

    func load(_ load: SpoolLoad, _ time: JobTime, _ database: SpoolDatabase, isClaiming: Bool) throws(SpoolProblem) -> [LoadedDelivery] {
        var loaded: [LoadedDelivery] = []
        var keys = load.keys[...]
        var bytesLeft = Int.max
        while loaded.count < load.keys.count {
            let delivery: LoadedDelivery
            if account.adopted < orphans.count {
                let orphan = orphans[account.adopted]
                guard let found = try read(orphan.rows, key: orphan.key, wasClaimed: true, atMost: bytesLeft, time, database) else { return loaded }
                account.adopted += 1
                holds.hold(found.rows, for: orphan.key, isClaimed: true)
                // Purged, all of it.
                if found.rows.isEmpty { continue }
                delivery = found.delivery
            } else {
                let ids = try nextFree(load, atMost: bytesLeft, database)
                let place = SpoolHolds.Place(claim: takeClaimNumber())
                guard !ids.isEmpty, let key = keys.popFirst(),
                    let found = try read(ids.map { ($0, place) }, key: key, wasClaimed: false, atMost: .max, time, database)
                else { return loaded }
                if isClaiming {
                    for row in found.rows { try SpoolProblem.mapping(attempt) { () throws(SQLiteError) in try database.claim(row, for: key) } }
                }
                holds.hold(found.rows, for: key, isClaimed: isClaiming)
                delivery = found.delivery
            }
            if loaded.isEmpty { bytesLeft = load.totalBytesMax }
            let byteCount = delivery.byteCount
            bytesLeft -= byteCount
            account.removeWaiting(delivery.tally, requestBytes: byteCount)
            loaded.append(delivery)
        }
        return loaded
    }

    // MARK: Which rows

    /// The oldest free row, and as many as follow within `load.bytesMax`: of its session and process, or of any. None if they have more than `bytes`.
    private func nextFree(_ load: SpoolLoad, atMost bytes: Int, _ database: SpoolDatabase) throws(SpoolProblem) -> [Int64] {
        try SpoolProblem.mapping(attempt) { () throws(SQLiteError) in
            let byID = database.statements.selectByID
            byID.bind(account.freeFrom, at: 1)
            defer { byID.reset() }
            guard let head = try nextFree(of: byID) else { return [] }
            account.freeFrom = head.id
            var ids = [head.id]
            var total = Int(head.bytes)
            func take(_ header: SpoolRow.Header) -> Bool {
                guard total + Int(header.bytes) <= load.bytesMax else { return false }
                total += Int(header.bytes)
                ids.append(header.id)
                return total <= bytes
            }
            if load.mixesSessions {
                while total <= bytes, let header = try nextFree(of: byID), take(header) {}
            } else {
                try forEachFollowing(head, database, take)
            }
            return total <= bytes ? ids : []
        }
    }

    private func nextFree(of statement: SQLiteStatement) throws(SQLiteError) -> SpoolRow.Header? {
        while try statement.step() {
            if isFree(statement.integer(0)) { return SpoolDatabase.header(of: statement) }
        }
        return nil
    }

    /// The later free rows of a row's session and process, until `take` has enough.
    private func forEachFollowing(
        _ head: SpoolRow.Header, _ database: SpoolDatabase, _ take: (SpoolRow.Header) -> Bool
    ) throws(SQLiteError) {
        let (row, byLane) = (database.statements.selectRow, database.statements.selectByLane)
        row.bind(head.id, at: 1)
        defer { row.reset() }
        guard try row.step() else { return }
        byLane.bind(row.integer(5), at: 1)
        byLane.bind(head.id, at: 2)
        defer { byLane.reset() }
        let (session, process) = (try row.blob(7), try row.blob(8))
        while let header = try nextFree(of: byLane) {
            // Another session may have the same hash.
            guard try byLane.blob(5).elementsEqual(session), try byLane.blob(6).elementsEqual(process) else { continue }
            guard take(header) else { return }
        }
    }

    // MARK: What is in them

    /// The rows as one delivery; those that are not there any more are left out. Nil if they have more than `bytes`.
    private func read(
        _ wanted: [(id: Int64, place: SpoolHolds.Place)], key: String, wasClaimed: Bool, atMost bytes: Int, _ time: JobTime, _ database: SpoolDatabase
    ) throws(SpoolProblem) -> (delivery: LoadedDelivery, rows: [SpoolHolds.Row])? {
        var delivery = LoadedDelivery(key: key, wasClaimed: wasClaimed, rows: [], tally: Tally(), age: .zero)
        var rows: [SpoolHolds.Row] = []
        var bytesLeft = bytes
        for (id, place) in wanted {
            let isWithin = try database.withRow(id) { (row) throws(SpoolProblem) in
                guard let batchBytes = row.batchBytes else { throw .damage("a row's lengths do not fit it") }
                guard row.body.count <= bytesLeft else { return false }
                bytesLeft -= row.body.count
                delivery.rows.append(LoadedDelivery.Row(bytes: Array(row.body), batchBytes: batchBytes))
                delivery.tally += row.header
                delivery.age = max(delivery.age, time.age(of: row.header.arrived))
                rows.append(SpoolHolds.Row(id: id, place: place, footprint: row.header.footprint))
                return true
            }
            if isWithin == false { return nil }
        }
        return (delivery, rows)
    }

    // MARK: The oldest

    /// When the oldest row that waits arrived; nil when none does.
    func oldestArrival(_ database: SpoolDatabase) throws(SQLiteError) -> Int64? {
        let statement = database.statements.selectByArrival
        statement.bind(account.oldestFrom, at: 1)
        defer { statement.reset() }
        while try statement.step() {
            if holds.contains(statement.integer(0)) { continue }
            account.oldestFrom = statement.integer(1)
            return account.oldestFrom
        }
        return nil
    }
}
