internal import CSQLite

/// A connection to a database file. Used by one thread at a time, not always the same one (`SQLITE_OPEN_NOMUTEX`).
///
/// https://www.sqlite.org/c3ref/open.html
final class SQLiteConnection {
    /// Nil once it is closed.
    private var handle: OpaquePointer?
    private var statements: [SQLiteStatement] = []

    /// Opens a file that is there; SQLite's own way of making one gives it wider rights than 0600.
    init(path: String, busyTimeoutMilliseconds: Int32 = 5_000) throws(SQLiteError) {
        let code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nil)
        guard code == SQLITE_OK else {
            let error = SQLiteError(of: handle, code: code)
            sqlite3_close(handle)
            handle = nil
            throw error
        }
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, busyTimeoutMilliseconds)
    }

    deinit { assert(handle == nil, "a connection went away without being closed") }

    /// Runs statements that give nothing back.
    func execute(_ sql: String) throws(SQLiteError) { try check(sqlite3_exec(handle, sql, nil, nil, nil)) }

    /// A statement that lives as long as the connection.
    func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        let statement = try compile(sql, flags: UInt32(SQLITE_PREPARE_PERSISTENT))
        statements.append(statement)
        return statement
    }

    /// A statement for once.
    func query<Result>(
        _ sql: String, _ body: (borrowing SQLiteStatement) throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result {
        let statement = try compile(sql, flags: 0)
        defer { statement.finalize() }
        return try body(statement)
    }

    /// The first column of the first row; 0 without one.
    func integer(_ sql: String) throws(SQLiteError) -> Int64 {
        try query(sql) { (statement) throws(SQLiteError) in try statement.step() ? statement.integer(0) : 0 }
    }

    func text(_ sql: String) throws(SQLiteError) -> String {
        try query(sql) { (statement) throws(SQLiteError) in try statement.step() ? statement.text(0) : "" }
    }

    /// Rows that the last statement changed.
    var changes: Int { Int(sqlite3_changes(handle)) }

    var isInTransaction: Bool { handle != nil && sqlite3_get_autocommit(handle) == 0 }

    /// What a transaction that failed has left. SQLite may have rolled it back by itself.
    func rollBack() {
        if isInTransaction { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    /// Gives memory back to the allocator, down to what is in use.
    func releaseMemory() { sqlite3_db_release_memory(handle) }

    /// `isCheckpointing`: the last connection to close brings the write-ahead log into the database and removes it; else both stay as they are.
    func close(isCheckpointing: Bool = true) {
        guard let open = handle else { return }
        for statement in statements { statement.finalize() }
        statements = []
        if !isCheckpointing { _ = blp_sqlite3_set_flag(open, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1) }
        let code = sqlite3_close(open)
        assert(code == SQLITE_OK, "a statement outlived its connection")
        handle = nil
    }

    private func compile(_ sql: String, flags: UInt32) throws(SQLiteError) -> SQLiteStatement {
        var statement: OpaquePointer?
        try check(sqlite3_prepare_v3(handle, sql, -1, flags, &statement, nil))
        return SQLiteStatement(statement, of: handle)
    }

    private func check(_ code: Int32) throws(SQLiteError) {
        if code != SQLITE_OK { throw SQLiteError(of: handle, code: code) }
    }
}
