internal import CSQLite

/// A prepared statement. It goes before its connection does.
///
/// https://www.sqlite.org/c3ref/stmt.html
final class SQLiteStatement {
    private var handle: OpaquePointer?
    private let connection: OpaquePointer?

    init(_ handle: OpaquePointer?, of connection: OpaquePointer?) {
        self.handle = handle
        self.connection = connection
    }

    func finalize() {
        sqlite3_finalize(handle)
        handle = nil
    }

    // MARK: Parameters, counted from 1

    func bind(_ value: Int64, at index: Int32) { sqlite3_bind_int64(handle, index, value) }

    func bind(_ value: Int, at index: Int32) { bind(Int64(value), at: index) }

    func bind(_ value: String, at index: Int32) throws(SQLiteError) {
        // SQLITE_TRANSIENT: it is copied.
        let code = sqlite3_bind_text(handle, index, value, -1, unsafeBitCast(-1, to: sqlite3_destructor_type.self))
        if code != SQLITE_OK { throw SQLiteError(of: connection, code: code) }
    }

    /// The bytes are not copied: they must stay until the statement is reset.
    func bind(_ bytes: UnsafeRawBufferPointer, at index: Int32) throws(SQLiteError) {
        // A blob without an address would be NULL.
        let code =
            bytes.isEmpty
            ? sqlite3_bind_zeroblob(handle, index, 0) : sqlite3_bind_blob64(handle, index, bytes.baseAddress, UInt64(bytes.count), nil)
        if code != SQLITE_OK { throw SQLiteError(of: connection, code: code) }
    }

    // MARK: Steps

    /// Goes to the next row; false when there is none.
    func step() throws(SQLiteError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            let error = SQLiteError(of: connection, code: code)
            sqlite3_reset(handle)
            throw error
        }
    }

    /// Ends the reading and lets go of what was bound. A statement that is not reset keeps a transaction open.
    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    /// Runs a statement that gives no rows, and resets it.
    func run() throws(SQLiteError) {
        defer { reset() }
        _ = try step()
    }

    // MARK: Columns of the row, counted from 0

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func count(_ column: Int32) -> Int { Int(clamping: integer(column)) }

    func text(_ column: Int32) -> String { sqlite3_column_text(handle, column).map { String(cString: $0) } ?? "" }

    /// Valid until the next step.
    func blob(_ column: Int32) throws(SQLiteError) -> UnsafeRawBufferPointer {
        let address = sqlite3_column_blob(handle, column)
        let count = Int(sqlite3_column_bytes(handle, column))
        // Nil stands for an empty blob, and for one that could not be read.
        if address == nil, case let code = sqlite3_extended_errcode(connection), ![SQLITE_OK, SQLITE_ROW, SQLITE_DONE].contains(code) {
            throw SQLiteError(of: connection, code: code)
        }
        return UnsafeRawBufferPointer(start: address, count: address == nil ? 0 : count)
    }
}
