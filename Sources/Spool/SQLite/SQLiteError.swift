internal import CSQLite
internal import Glibc

/// A failure of SQLite: its extended code, its words, and the system's `errno` below it.
///
/// https://www.sqlite.org/rescode.html
struct SQLiteError: Error {
    enum Kind {
        /// No space left, or a quota.
        case diskFull
        /// What is in the file is not what SQLite, or we, wrote.
        case damage
        /// The rest: rights, I/O, a lock that somebody else keeps.
        case unusable
    }

    /// https://www.sqlite.org/c3ref/c_abort.html
    var code: Int32
    var message: String
    /// 0 when the system has nothing to do with it.
    var systemError: Int32

    init(of connection: OpaquePointer?, code: Int32) {
        self.code = code
        message = String(cString: connection.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
        systemError = connection.map { sqlite3_system_errno($0) } ?? 0
    }

    /// What we find out by ourselves.
    static var corrupt: SQLiteError { SQLiteError(of: nil, code: SQLITE_CORRUPT) }

    var kind: Kind {
        switch code & 0xFF {
        case SQLITE_FULL: .diskFull
        case SQLITE_IOERR where systemError == ENOSPC || systemError == EDQUOT: .diskFull
        // Our statements are fixed and fit the schema: one that is not understood, or breaks a constraint, met a schema or an index that is not ours.
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_SCHEMA, SQLITE_FORMAT: .damage
        default: .unusable
        }
    }

    /// E.g. `disk I/O error: Input/output error`.
    var text: String {
        guard systemError != 0, [SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_FULL].contains(code & 0xFF) else { return message }
        return "\(message): \(String(cString: strerror(systemError)))"
    }
}
