extension SpoolDatabase {
    static let rowColumns = "id, arrived, logs, batches, bytes, lane, checksum, session, process, sizes, body"
    static let headerColumns = "id, arrived, logs, batches, bytes"
    static let insertion = "INSERT INTO run(\(rowColumns)) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"

    static let claimColumns = "run, key, place, part"
    static let claimInsertion = "claim(\(claimColumns)) VALUES(?1, ?2, ?3, ?4)"

    /// Prepared once, for as long as the database is open.
    struct Statements {
        let begin, commit, version: SQLiteStatement
        let insertRun, deleteRun, insertClaim, deleteClaim: SQLiteStatement
        let selectRow: SQLiteStatement
        /// Headers from an id on.
        let selectByID: SQLiteStatement
        /// Headers, sessions and processes of a lane, after an id.
        let selectByLane: SQLiteStatement
        /// Headers from an arrival on, by arrival.
        let selectByArrival: SQLiteStatement

        init(_ connection: SQLiteConnection) throws(SQLiteError) {
            begin = try connection.prepare("BEGIN IMMEDIATE")
            commit = try connection.prepare("COMMIT")
            version = try connection.prepare("PRAGMA data_version")
            insertRun = try connection.prepare(insertion)
            deleteRun = try connection.prepare("DELETE FROM run WHERE id=?1")
            insertClaim = try connection.prepare("INSERT OR REPLACE INTO \(claimInsertion)")
            deleteClaim = try connection.prepare("DELETE FROM claim WHERE run=?1")
            selectRow = try connection.prepare("SELECT \(rowColumns) FROM run WHERE id=?1")
            selectByID = try connection.prepare("SELECT \(headerColumns) FROM run WHERE id>=?1 ORDER BY id")
            selectByLane = try connection.prepare(
                "SELECT \(headerColumns), session, process FROM run INDEXED BY run_lane WHERE lane=?1 AND id>?2 ORDER BY id")
            selectByArrival = try connection.prepare(
                "SELECT \(headerColumns) FROM run INDEXED BY run_account WHERE arrived>=?1 ORDER BY arrived")
        }
    }
}
