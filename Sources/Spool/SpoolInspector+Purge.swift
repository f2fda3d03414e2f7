import Pipeline

extension SpoolInspector {
    /// What a purge has removed, and what it left because a daemon's deliveries hold it.
    public struct Purge: Equatable, Sendable {
        public var removed = Tally()
        public var kept = Tally()
        /// A daemon serves the spool; it counts what is gone as dropped.
        public var isServed = false
    }

    /// Removes all rows; while a daemon runs, those alone that no delivery has claimed.
    public func purge() throws(Failure) -> Purge {
        try Self.mapping("purge the spool \(directory.path)") { () throws(SQLiteError) in
            try connection.execute("BEGIN IMMEDIATE")
            defer { connection.rollBack() }
            var purge = Purge()
            // Asked inside the transaction: a daemon takes the lock before it looks at the database, and then sees what is done here.
            purge.isServed = servedBy != nil
            let unclaimed = "id NOT IN (SELECT run FROM claim)"
            if purge.isServed {
                purge.kept = try tally("NOT \(unclaimed)")
                purge.removed = try tally(unclaimed)
                try connection.execute("DELETE FROM run WHERE \(unclaimed)")
            } else {
                purge.removed = try tally("true")
                try connection.execute("DELETE FROM claim; DELETE FROM run")
            }
            try connection.execute("COMMIT")
            // What was deleted is still in the file's free pages; a daemon overwrites them.
            if !purge.isServed { try connection.execute("VACUUM") }
            return purge
        }
    }

    private func tally(_ condition: String) throws(SQLiteError) -> Tally {
        try connection.query("SELECT sum(logs), sum(batches) FROM run WHERE \(condition)") { (statement) throws(SQLiteError) in
            guard try statement.step() else { return Tally() }
            return Tally(logs: UInt64(clamping: statement.integer(0)), batches: UInt64(clamping: statement.integer(1)))
        }
    }
}
