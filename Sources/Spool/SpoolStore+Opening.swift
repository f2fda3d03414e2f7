import Pipeline

/// How the database comes to be open, and what is learnt of it then.
extension SpoolStore {
    func takeLock() throws(SpoolProblem) {
        try directory.prepare()
        lock = try SpoolLock(directory)
    }

    /// Opens the database if it is not, makes it if there is none, and finishes what a process before this one could not.
    func open(_ time: JobTime, _ result: inout SpoolResult) throws(SpoolProblem) {
        if let database, database.isGone { loseSight(of: database) }
        guard database == nil else { return }
        try openFile(time, movedAside: &result.movedAside)
        if let missed { result.damaged = missed.exceeding(account.waiting) }
        missed = nil
    }

    /// Closes a database that is damaged or gone, and remembers what it owes.
    func loseSight(of database: SpoolDatabase) {
        missed = account.waiting
        database.close(isCheckpointing: false)
        self.database = nil
    }

    private func openFile(_ time: JobTime, movedAside: inout String?) throws(SpoolProblem) {
        if lock == nil { try takeLock() }
        if SpoolDirectory.exists(directory.rebuilt) {
            movedAside = try putRebuiltInPlace(time)
        } else if !SpoolDirectory.exists(directory.database) {
            // A log without its database would be taken for the new one's.
            if SpoolDirectory.exists(directory.database + "-wal") { movedAside = try directory.moveAside(unixNanoseconds: time.wall) }
            try directory.makeEmpty(directory.new)
            try SpoolProblem.mapping("make \(directory.database)") { () throws(SQLiteError) in try SpoolSchema.create(at: directory.new) }
            try directory.move(directory.new, to: directory.database)
            directory.sync()
        }
        let opened = try SpoolDatabase(directory, isSynchronous: synchronous == .full)
        do throws(SpoolProblem) {
            try count(opened)
            try findOrphans(opened)
        } catch {
            opened.close(isCheckpointing: false)
            throw error
        }
        database = opened
    }

    // MARK: What is in it

    /// Counts all anew.
    private func count(_ database: SpoolDatabase) throws(SpoolProblem) {
        var found = SpoolAccount()
        found.adopted = account.adopted
        var held: Set<Int64> = []
        try SpoolProblem.mapping("read the spool \(directory.path)") { () throws(SQLiteError) in
            // By the index alone.
            try database.connection.query(
                "SELECT \(SpoolDatabase.headerColumns) FROM run INDEXED BY run_account"
            ) { (statement) throws(SQLiteError) in
                while try statement.step() {
                    let header = SpoolDatabase.header(of: statement)
                    found.rows += 1
                    found.bytes += header.footprint
                    if holds.contains(header.id) { held.insert(header.id) } else { found.addWaiting(header) }
                }
            }
            let last = max(
                try database.connection.integer("SELECT max(id) FROM run"), try database.connection.integer("SELECT max(run) FROM claim"))
            found.nextID = max(account.nextID, last + 1)
            found.nextClaim = max(account.nextClaim, try database.connection.integer("SELECT max(place) FROM claim") + 1)
            found.dataVersion = try database.dataVersion()
        }
        account = found
        if held.count < holds.ids.count { holds.keep(held.contains) }
    }

    /// What another connection has changed since the last job; inside the job's transaction.
    func noticeStrangers(_ database: SpoolDatabase) throws(SpoolProblem) {
        let version = try SpoolProblem.mapping("read the spool \(directory.path)") { () throws(SQLiteError) in try database.dataVersion() }
        if version != account.dataVersion { try count(database) }
    }

    private func findOrphans(_ database: SpoolDatabase) throws(SpoolProblem) {
        var byKey: [String: Int] = [:]
        orphans = []
        orphanIDs = []
        account.adopted = 0
        try SpoolProblem.mapping("read the spool \(directory.path)") { () throws(SQLiteError) in
            try database.connection.query("SELECT \(SpoolDatabase.claimColumns) FROM claim ORDER BY place, part, run") { (statement) throws(SQLiteError) in
                while try statement.step() {
                    let (id, key) = (statement.integer(0), statement.text(1))
                    if holds.contains(id) { continue }
                    orphanIDs.insert(id)
                    let row = (id: id, place: SpoolHolds.Place(claim: statement.integer(2), part: statement.integer(3)))
                    if let index = byKey[key] {
                        orphans[index].rows.append(row)
                    } else {
                        byKey[key] = orphans.count
                        orphans.append(SpoolOrphan(key: key, rows: [row]))
                    }
                }
            }
        }
    }
}
