import Pipeline
import Wire

/// The parts of a job that change rows. Inside its transaction; what they change in memory is taken back if it fails.
extension SpoolStore {
    private var attempt: String { "write to the spool \(directory.path)" }

    // MARK: Out

    /// The rows that these deliveries hold go. One that holds none, because its rows were lost or purged, is none the less settled.
    func settle(_ keys: [String], _ database: SpoolDatabase) throws(SpoolProblem) {
        for key in keys {
            guard let hold = holds.release(key) else { continue }
            for row in hold.rows {
                let wasThere = try SpoolProblem.mapping(attempt) { () throws(SQLiteError) in try database.remove(row.id, isClaimed: hold.isClaimed) }
                guard wasThere else { continue }
                account.rows -= 1
                account.bytes -= row.footprint
            }
        }
    }

    /// Rows that one statement finds before they are removed: so much memory is enough.
    private static let batchCount = 1_000

    func expire(before limit: Int64, _ database: SpoolDatabase) throws(SpoolProblem) -> Tally {
        var expired = Tally()
        var from = account.oldestFrom
        while true {
            let statement = database.statements.selectByArrival
            let (found, isLast) = try SpoolProblem.mapping(attempt) { () throws(SQLiteError) in
                statement.bind(from, at: 1)
                defer { statement.reset() }
                var found: [SpoolRow.Header] = []
                while found.count < Self.batchCount {
                    guard try statement.step(), case let header = SpoolDatabase.header(of: statement), header.arrived < limit else { return (found, true) }
                    from = header.arrived
                    if isFree(header.id) { found.append(header) }
                }
                return (found, false)
            }
            try remove(found, database, countingIn: &expired)
            if isLast { return expired }
        }
    }

    func makeRoom(_ bytes: Int, _ database: SpoolDatabase) throws(SpoolProblem) -> Tally {
        let statement = database.statements.selectByID
        let found = try SpoolProblem.mapping(attempt) { () throws(SQLiteError) in
            statement.bind(account.freeFrom, at: 1)
            defer { statement.reset() }
            var found: [SpoolRow.Header] = []
            var freed = 0
            while freed < bytes, try statement.step() {
                let header = SpoolDatabase.header(of: statement)
                guard isFree(header.id) else { continue }
                found.append(header)
                freed += header.footprint
            }
            return found
        }
        var dropped = Tally()
        try remove(found, database, countingIn: &dropped)
        return dropped
    }

    private func remove(_ headers: [SpoolRow.Header], _ database: SpoolDatabase, countingIn tally: inout Tally) throws(SpoolProblem) {
        for header in headers {
            _ = try SpoolProblem.mapping(attempt) { () throws(SQLiteError) in try database.remove(header.id, isClaimed: false) }
            account.rows -= 1
            account.bytes -= header.footprint
            account.removeWaiting(header.tally, requestBytes: header.requestBytes)
            tally += header
        }
    }

    // MARK: In

    func add(_ run: SpoolRun, _ time: JobTime, _ database: SpoolDatabase) throws(SpoolProblem) {
        guard let first = run.batches.first else { return }
        sizes.removeAll(keepingCapacity: true)
        body.removeAll(keepingCapacity: true)
        if let logs = run.logs {
            for piece in RequestSlice.pieces(of: first.request.bytes, logs: logs) { body.append(contentsOf: first.request[piece]) }
            SpoolRow.append(size: body.count, to: &sizes)
        } else {
            for batch in run.batches { SpoolRow.append(size: batch.request.count, to: &sizes) }
            // One batch is written from where it lies.
            if run.batches.count > 1 { for batch in run.batches { body.append(contentsOf: batch.request) } }
        }
        let isWhole = run.logs == nil && run.batches.count == 1
        let session = UnsafeRawBufferPointer(rebasing: first.request[first.sessionID])
        let process = UnsafeRawBufferPointer(rebasing: first.request[first.processName])
        let id = account.nextID
        let place = place(of: run)
        let header = try sizes.withBytes { sizes throws(SpoolProblem) in
            try body.withBytes { joined throws(SpoolProblem) in
                let body = isWhole ? first.request : joined
                let header = SpoolRow.Header(
                    id: id, arrived: time.wall(of: first.arrived), logs: Int64(run.logCount), batches: Int64(run.batches.count), bytes: Int64(body.count))
                let row = SpoolRow(
                    header: header, lane: SpoolRow.lane(session: session, process: process), session: session, process: process, sizes: sizes, body: body)
                try SpoolProblem.mapping(attempt) { () throws(SQLiteError) in
                    try database.insert(row)
                    if let key = run.key { try database.claim(SpoolHolds.Row(id: id, place: place, footprint: header.footprint), for: key) }
                }
                return header
            }
        }
        account.nextID += 1
        account.rows += 1
        account.bytes += header.footprint
        if let key = run.key {
            holds.hold([SpoolHolds.Row(id: id, place: place, footprint: header.footprint)], for: key, isClaimed: true)
        } else {
            account.addWaiting(header)
            account.oldestFrom = min(account.oldestFrom, header.arrived)
        }
    }

    /// The rows of one key stand together.
    private func place(of run: SpoolRun) -> SpoolHolds.Place {
        if let wanted = run.place, let first = holds.byKey[wanted.key]?.rows.first {
            return SpoolHolds.Place(claim: first.place.claim, part: first.place.part + Int64(wanted.logsBefore))
        }
        guard let key = run.key else { return SpoolHolds.Place(claim: 0) }
        return SpoolHolds.Place(claim: holds.byKey[key]?.rows.first?.place.claim ?? takeClaimNumber())
    }

    func takeClaimNumber() -> Int64 {
        defer { account.nextClaim += 1 }
        return account.nextClaim
    }

    /// Claims of rows that were loaded while writing failed.
    func claimHeld(_ database: SpoolDatabase) throws(SpoolProblem) {
        for key in holds.unclaimed {
            for row in holds.byKey[key]?.rows ?? [] {
                try SpoolProblem.mapping(attempt) { () throws(SQLiteError) in try database.claim(row, for: key) }
            }
            holds.markClaimed(key)
        }
    }
}

extension [UInt8] {
    /// `withUnsafeBytes` with typed throws.
    fileprivate func withBytes<Success, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Success
    ) throws(Failure) -> Success {
        try withUnsafeBytes { bytes in Result { () throws(Failure) in try body(bytes) } }.get()
    }
}
