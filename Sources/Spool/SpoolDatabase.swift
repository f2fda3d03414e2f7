import Pipeline
internal import Glibc

/// The open database, and the statements that jobs are made of.
final class SpoolDatabase {
    let directory: SpoolDirectory
    let connection: SQLiteConnection
    /// Of the file, so that one that was taken away from under us is missed.
    private let inode: ino_t

    let statements: Statements

    /// The write-ahead log is brought into the database when it has so many bytes. What was added and removed meanwhile is never written there.
    private static let checkpointBytes = 8 << 20

    /// Opens and checks it. That reads the whole file.
    init(_ directory: SpoolDirectory, isSynchronous: Bool) throws(SpoolProblem) {
        self.directory = directory
        let path = directory.database
        var status = stat()
        guard stat(path, &status) == 0 else { throw SpoolProblem(errno: errno, attempt: "open \(path)") }
        // It gets this name when it is whole.
        if status.st_size == 0 { throw .damage("the file is empty") }
        guard Self.isWritable(path) else { throw .damage("the file's header is not a spool's") }
        chmod(path, 0o600)
        inode = status.st_ino
        connection = try SpoolProblem.mapping("open \(path)") { () throws(SQLiteError) in try SQLiteConnection(path: path) }
        do throws(SpoolProblem) {
            try Self.check(connection, directory)
            statements = try SpoolProblem.mapping("open \(path)") { [connection] () throws(SQLiteError) in
                try connection.execute(
                    """
                    PRAGMA journal_mode=WAL; PRAGMA synchronous=\(isSynchronous ? "FULL" : "NORMAL"); PRAGMA cache_size=-512; PRAGMA temp_store=MEMORY;
                    PRAGMA wal_autocheckpoint=\(Self.checkpointBytes / SpoolSchema.pageBytes); PRAGMA journal_size_limit=\(2 * Self.checkpointBytes)
                    """)
                return try Statements(connection)
            }
        } catch {
            // As it was found, for whoever looks at it.
            connection.close(isCheckpointing: false)
            throw error
        }
    }

    /// Whether the database is ours, of this version, and sound.
    private static func check(_ connection: SQLiteConnection, _ directory: SpoolDirectory) throws(SpoolProblem) {
        let (application, version) = try SpoolProblem.mapping("open \(directory.database)") { () throws(SQLiteError) in
            (try connection.integer("PRAGMA application_id"), Int(try connection.integer("PRAGMA user_version")))
        }
        guard application == SpoolSchema.applicationID else { throw .damage("the file is not a spool") }
        if SpoolSchema.isNewer(userVersion: version) {
            throw .failure(.unusable(
                "cannot use the spool \(directory.path): a newer version of this program has written it (format \(version & 0xFF), this one knows \(SpoolSchema.version))"))
        }
        guard version == SpoolSchema.userVersion else { throw .damage("the file has no version") }
        let (verdict, schema) = try SpoolProblem.mapping("check \(directory.database)") { () throws(SQLiteError) in
            // Not only `quick_check`: rows that an index leads past would be taken out of order. A full spool of 256 MiB takes half a second to a second.
            let verdict = try connection.text("PRAGMA integrity_check(1)")
            var schema: [String] = []
            try connection.query("SELECT sql FROM sqlite_schema ORDER BY rowid") { (statement) throws(SQLiteError) in
                while try statement.step() { schema.append(statement.text(0)) }
            }
            return (verdict, schema)
        }
        guard verdict == "ok" else { throw .damage(verdict) }
        guard schema == SpoolSchema.statements else { throw .damage("the schema is not a spool's") }
    }

    /// A header with an unknown format makes SQLite open the file for reading only, without a word.
    /// https://www.sqlite.org/fileformat.html#file_format_version_numbers
    private static func isWritable(_ path: String) -> Bool {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { Glibc.close(descriptor) }
        var versions: (write: UInt8, read: UInt8) = (0, 0)
        return pread(descriptor, &versions, 2, 18) == 2 && versions == (2, 2)
    }

    /// The file was moved or removed by somebody else: what is written here would be lost.
    var isGone: Bool {
        var status = stat()
        return stat(directory.database, &status) != 0 ? errno == ENOENT : status.st_ino != inode
    }

    // MARK: Transactions

    /// Waits for another writer (`spool purge`), for seconds at the most.
    func beginTransaction() throws(SQLiteError) { try statements.begin.run() }

    func commitTransaction() throws(SQLiteError) { try statements.commit.run() }

    /// Changes whenever another connection has changed the database.
    func dataVersion() throws(SQLiteError) -> Int64 {
        defer { statements.version.reset() }
        return try statements.version.step() ? statements.version.integer(0) : 0
    }

    // MARK: Rows

    func insert(_ row: SpoolRow) throws(SQLiteError) {
        defer { statements.insertRun.reset() }
        try Self.bind(row, to: statements.insertRun)
        _ = try statements.insertRun.step()
    }

    static func bind(_ row: SpoolRow, to statement: SQLiteStatement) throws(SQLiteError) {
        for (index, value) in [
            row.header.id, row.header.arrived, row.header.logs, row.header.batches, row.header.bytes, row.lane, row.checksum,
        ].enumerated() { statement.bind(value, at: Int32(index + 1)) }
        for (index, bytes) in [row.session, row.process, row.sizes, row.body].enumerated() { try statement.bind(bytes, at: Int32(index + 8)) }
    }

    /// Removes a row and its claim. False when it was not there.
    func remove(_ id: Int64, isClaimed: Bool) throws(SQLiteError) -> Bool {
        statements.deleteRun.bind(id, at: 1)
        try statements.deleteRun.run()
        let wasThere = connection.changes > 0
        if isClaimed {
            statements.deleteClaim.bind(id, at: 1)
            try statements.deleteClaim.run()
        }
        return wasThere
    }

    func claim(_ row: SpoolHolds.Row, for key: String) throws(SQLiteError) {
        statements.insertClaim.bind(row.id, at: 1)
        try statements.insertClaim.bind(key, at: 2)
        statements.insertClaim.bind(row.place.claim, at: 3)
        statements.insertClaim.bind(row.place.part, at: 4)
        try statements.insertClaim.run()
    }

    /// Reads one row; `body` sees it as long as it runs. Nil when there is none. A row whose checksum is wrong is damage.
    func withRow<Result>(_ id: Int64, _ body: (SpoolRow) throws(SpoolProblem) -> Result) throws(SpoolProblem) -> Result? {
        let statement = statements.selectRow
        statement.bind(id, at: 1)
        defer { statement.reset() }
        let found = try SpoolProblem.mapping("read the spool \(directory.path)") { () throws(SQLiteError) in
            try statement.step() ? try Self.row(of: statement) : nil
        }
        guard let (row, checksum) = found else { return nil }
        guard row.checksum == checksum else { throw .damage("a row's checksum is wrong") }
        return try body(row)
    }

    /// The row of a statement that selects `rowColumns`, and the checksum that was stored with it.
    static func row(of statement: SQLiteStatement) throws(SQLiteError) -> (SpoolRow, checksum: Int64) {
        let row = SpoolRow(
            header: header(of: statement), lane: statement.integer(5), session: try statement.blob(7), process: try statement.blob(8),
            sizes: try statement.blob(9), body: try statement.blob(10))
        return (row, statement.integer(6))
    }

    static func header(of statement: SQLiteStatement) -> SpoolRow.Header {
        SpoolRow.Header(
            id: statement.integer(0), arrived: statement.integer(1), logs: statement.integer(2), batches: statement.integer(3), bytes: statement.integer(4))
    }

    // MARK: The end

    /// Brings the write-ahead log into the database and empties it: on a full disk that may give room. No failure if it does not.
    func checkpoint() { try? connection.execute("PRAGMA wal_checkpoint(TRUNCATE)") }

    /// Gives the disk back what an empty database does not need.
    func compact() {
        try? connection.execute("VACUUM")
        checkpoint()
    }

    func close(isCheckpointing: Bool) {
        if isCheckpointing { checkpoint() }
        connection.close(isCheckpointing: isCheckpointing)
    }
}
