import Pipeline

/// What a spool's database is made of.
///
/// A row of `run` is never changed: a delivery that takes rows out adds its claims, small rows of their own. An id is not given out twice as long as
/// anything refers to it, and free rows are taken out in the order of their ids. Claimed rows are in the order of `place`, the number of
/// their claim, then `part`: those of a delivery that was split keep its number, and stand by the logs before them.
///
/// `run_account` repeats what each row counts for, so that a spool is counted without its bodies being read, and what is lost can be counted
/// where it cannot be read.
enum SpoolSchema {
    /// "BLPS" in the database's header: https://www.sqlite.org/pragma.html#pragma_application_id
    static let applicationID = 0x424C_5053
    static let version = 2
    /// The version as `PRAGMA user_version` has it: three times, so that a flipped bit does not look like a newer version.
    static let userVersion = version * 0x01_01_01

    /// A version that a later release may have written.
    static func isNewer(userVersion: Int) -> Bool {
        (version + 1...255).contains(userVersion & 0xFF) && userVersion == (userVersion & 0xFF) * 0x01_01_01
    }

    /// The unit of `SpoolRun.footprint`. SQLite makes two system calls for each page that it writes to its log, but a small row that is removed from
    /// between others writes a whole page. Measured against 4 KiB: half the calls; at 20,000 logs/s, 20 % more bytes (16 KiB: 70 % more).
    static let pageBytes = SpoolRun.pageBytes

    /// As `sqlite_schema` gives them back, in its order.
    static let statements = [
        """
        CREATE TABLE run(id INTEGER PRIMARY KEY, arrived INTEGER NOT NULL, logs INTEGER NOT NULL, batches INTEGER NOT NULL, bytes INTEGER NOT NULL, \
        lane INTEGER NOT NULL, checksum INTEGER NOT NULL, session BLOB NOT NULL, process BLOB NOT NULL, sizes BLOB NOT NULL, body BLOB NOT NULL) STRICT
        """,
        "CREATE TABLE claim(run INTEGER PRIMARY KEY, key TEXT NOT NULL, place INTEGER NOT NULL, part INTEGER NOT NULL) STRICT",
        "CREATE INDEX run_account ON run(arrived, logs, batches, bytes)",
        "CREATE INDEX run_lane ON run(lane)",
    ]

    /// Makes a database of the empty file at `path` and closes it. It is on the disk when this returns.
    static func create(at path: String, filling fill: (SQLiteConnection) throws(SQLiteError) -> Void = { _ in }) throws(SQLiteError) {
        let connection = try SQLiteConnection(path: path)
        defer { connection.close() }
        // It has no reader, and is worth nothing before it is whole.
        try connection.execute(
            """
            PRAGMA page_size=\(pageBytes); PRAGMA journal_mode=OFF; PRAGMA synchronous=FULL; PRAGMA cache_size=-2048; BEGIN IMMEDIATE;
            \(statements.joined(separator: ";")); PRAGMA application_id=\(applicationID); PRAGMA user_version=\(userVersion)
            """)
        try fill(connection)
        try connection.execute("COMMIT; PRAGMA journal_mode=WAL")
    }
}
