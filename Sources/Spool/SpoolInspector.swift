import Pipeline
import Wire

/// A spool as somebody else than its daemon sees it: the command line's `spool list`, `export` and `purge`. The daemon may run meanwhile.
///
/// What is read is read in short transactions, so that the daemon's write-ahead log does not grow while a slow reader waits. So what is seen is
/// not one moment's content, when the daemon runs: rows may come and go between the first and the last. Confined to one thread; blocks.
public final class SpoolInspector {
    /// Nothing to look at, or a reason why it cannot be looked at, in words.
    public enum Failure: Error, Equatable {
        case nothingThere(directory: String)
        case unusable(String)
    }

    /// What one session and process has in the spool.
    public struct Session: Equatable, Sendable {
        public var session: [UInt8]
        public var process: [UInt8]
        public var tally = Tally()
        /// Request bytes.
        public var bytes = 0
        /// When the oldest batch arrived: nanoseconds since 1970.
        public var oldest: Int64
        /// Logs of it that a delivery under way has claimed, or that one had when its daemon ended.
        public var heldLogs: UInt64 = 0
    }

    let directory: SpoolDirectory
    let connection: SQLiteConnection
    /// Rows of one transaction, at most, and request bytes after which it ends.
    private static let chunkRows = 1_000
    private static let chunkBytes = 1 << 20

    /// Opens the database of a spool. Nothing is made, and nothing changed but by `purge`.
    public init(directory: String) throws(Failure) {
        self.directory = SpoolDirectory(path: directory)
        let database = self.directory.database
        guard SpoolDirectory.exists(database) else { throw .nothingThere(directory: directory) }
        let connection = try Self.mapping("open the spool \(directory)") { () throws(SQLiteError) in try SQLiteConnection(path: database) }
        self.connection = connection
        do throws(Failure) {
            let (application, version) = try Self.mapping("read the spool \(directory)") { () throws(SQLiteError) in
                (try connection.integer("PRAGMA application_id"), Int(try connection.integer("PRAGMA user_version")))
            }
            guard application == SpoolSchema.applicationID, version == SpoolSchema.userVersion else {
                throw .unusable("cannot read the spool \(directory): \(database) is not a spool of this version")
            }
        } catch {
            connection.close()
            throw error
        }
    }

    public func close() { connection.close() }

    /// The process that serves the spool now; nil when there is none, `.some(nil)` when it left no number.
    public var servedBy: Int32?? { SpoolLock.holder(of: directory) }

    /// `2026-01-31T23:59:59Z`, of nanoseconds since 1970.
    public static func text(ofTime unixNanoseconds: Int64) -> String { UTCTime.text(unixNanoseconds) }

    // MARK: Reading

    /// All sessions, in the order of their first rows.
    public func list() throws(Failure) -> [Session] {
        struct Name: Hashable {
            var session, process: [UInt8]
        }
        var sessions: [Session] = []
        var indices: [Name: Int] = [:]
        try forEachRow("id, arrived, logs, batches, bytes, session, process, EXISTS(SELECT 1 FROM claim WHERE claim.run = id)") {
            (statement) throws(SQLiteError) in
            let header = SpoolDatabase.header(of: statement)
            let name = Name(session: Array(try statement.blob(5)), process: Array(try statement.blob(6)))
            let index = indices[name] ?? sessions.count
            if index == sessions.count {
                indices[name] = index
                sessions.append(Session(session: name.session, process: name.process, oldest: header.arrived))
            }
            sessions[index].tally += header
            sessions[index].bytes += Int(clamping: header.bytes)
            sessions[index].oldest = min(sessions[index].oldest, header.arrived)
            if statement.integer(7) != 0 { sessions[index].heldLogs += UInt64(clamping: header.logs) }
            return 0
        } afterChunk: { true }
        return sessions
    }

    /// All logs as JSON lines, as the file reporter writes them, handed to `write` in pieces of whole lines, oldest rows first; ends when it returns false.
    /// Returns how many rows could not be read because they are damaged; they are left out.
    public func export(_ write: ([UInt8]) -> Bool) throws(Failure) -> Int {
        var lines: [UInt8] = []
        var damaged = 0
        try forEachRow(SpoolDatabase.rowColumns) { (statement) throws(SQLiteError) in
            let (row, checksum) = try SpoolDatabase.row(of: statement)
            guard row.checksum == checksum, let batchBytes = row.batchBytes else {
                damaged += 1
                return 0
            }
            var start = 0
            for count in batchBytes {
                Self.append(row.body.bytes.extracting(start..<start + count), to: &lines)
                start += count
            }
            return row.body.count
        } afterChunk: {
            defer { lines.removeAll(keepingCapacity: true) }
            return write(lines)
        }
        return damaged
    }

    private static func append(_ batch: RawSpan, to lines: inout [UInt8]) {
        guard case .logs(let request) = BoundaryScan.scan(.logs, batch) else { return }
        NDJSON.append(batch, sessionID: request.sessionID, processName: request.processName, logs: nil, to: &lines)
    }

    /// Hands all rows to `body`, by id, in transactions of their own for every few. `body` returns the bytes that it has taken; `afterChunk` runs outside of
    /// any transaction, and says whether to go on.
    private func forEachRow(
        _ columns: String, _ body: (SQLiteStatement) throws(SQLiteError) -> Int, afterChunk: () -> Bool
    ) throws(Failure) {
        var next: Int64 = 0
        var isLast = false
        while !isLast {
            try Self.mapping("read the spool \(directory.path)") { () throws(SQLiteError) in
                try connection.query("SELECT \(columns) FROM run WHERE id>=?1 ORDER BY id LIMIT \(Self.chunkRows)") { (statement) throws(SQLiteError) in
                    statement.bind(next, at: 1)
                    var (rows, bytes) = (0, 0)
                    while bytes < Self.chunkBytes {
                        guard try statement.step() else {
                            isLast = rows < Self.chunkRows
                            return
                        }
                        rows += 1
                        next = statement.integer(0) + 1
                        bytes += try body(statement)
                    }
                }
            }
            guard afterChunk() else { return }
        }
    }

    static func mapping<Result>(_ attempt: @autoclosure () -> String, _ body: () throws(SQLiteError) -> Result) throws(Failure) -> Result {
        do { return try body() } catch { throw .unusable("cannot \(attempt()): \(error.text)") }
    }
}
