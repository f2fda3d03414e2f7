import Pipeline

/// What becomes of a damaged database.
///
/// What can be read of it is copied, whole and synced, into a new file before the old one is touched. From the moment that the new one is called
/// `spool-rebuilt.db` it is the spool, whatever happens next.
extension SpoolStore {
    func repair(_ reason: String, _ time: JobTime, _ result: inout SpoolResult) throws(SpoolProblem) {
        if let database { loseSight(of: database) }
        let known = try rebuild()
        // At the start there is nobody else to ask.
        missed = missed ?? known
        result.movedAside = try putRebuiltInPlace(time)
        try open(time, &result)
    }

    /// Returns what the damaged database held, as far as it says.
    private func rebuild() throws(SpoolProblem) -> Tally {
        let salvage = SpoolSalvage(directory.database)
        defer { salvage.close() }
        try directory.makeEmpty(directory.new)
        try SpoolProblem.mapping("rebuild the spool \(directory.path)") { () throws(SQLiteError) in
            try SpoolSchema.create(at: directory.new) { (connection) throws(SQLiteError) in try salvage.copy(into: connection) }
        }
        try directory.move(directory.new, to: directory.rebuilt)
        directory.sync()
        return salvage.known
    }

    /// Returns where the old one went.
    func putRebuiltInPlace(_ time: JobTime) throws(SpoolProblem) -> String {
        let aside = try directory.moveAside(unixNanoseconds: time.wall)
        try directory.move(directory.rebuilt, to: directory.database)
        directory.sync()
        return aside
    }
}
