import Pipeline

/// Reads what can be read of a damaged database: rows whose checksum is right, and their claims.
///
/// A tree with a bad page in it can still be entered on both sides of that page. So rows are read upwards until it fails, then looked for beyond, at
/// growing distances, and from what is found there downwards again.
final class SpoolSalvage {
    private var source: SQLiteConnection?
    /// What the database held, by its index: more than can be read, where that is damaged as well.
    private(set) var known = Tally()

    /// A file that is no database gives nothing.
    init(_ path: String) {
        do throws(SQLiteError) {
            let connection = try SQLiteConnection(path: path)
            source = connection
            try connection.query("SELECT \(SpoolDatabase.headerColumns) FROM run INDEXED BY run_account") { (statement) throws(SQLiteError) in
                while try statement.step() { known += SpoolDatabase.header(of: statement) }
            }
        } catch {}
    }

    func close() {
        source?.close(isCheckpointing: false)
        source = nil
    }

    /// Fails only if `destination` cannot be written.
    func copy(into destination: SQLiteConnection) throws(SQLiteError) {
        guard let source else { return }
        let rows = Table(source, "SELECT \(SpoolDatabase.rowColumns) FROM run", id: "id")
        let saved = try copy(rows, try destination.prepare(SpoolDatabase.insertion)) { (statement, insertion) throws(SQLiteError) in
            let (row, checksum) = try SpoolDatabase.row(of: statement)
            guard row.checksum == checksum, row.batchBytes != nil else { return false }
            try SpoolDatabase.bind(row, to: insertion)
            return true
        }
        let claims = Table(source, "SELECT \(SpoolDatabase.claimColumns) FROM claim", id: "run")
        _ = try copy(claims, try destination.prepare("INSERT INTO \(SpoolDatabase.claimInsertion)")) { (statement, insertion) throws(SQLiteError) in
            guard saved.contains(statement.integer(0)) else { return false }
            insertion.bind(statement.integer(0), at: 1)
            try insertion.bind(statement.text(1), at: 2)
            insertion.bind(statement.integer(2), at: 3)
            insertion.bind(statement.integer(3), at: 4)
            return true
        }
    }

    // MARK: Walking around the damage

    private struct Table {
        let connection: SQLiteConnection
        let selection: String
        let id: String

        init(_ connection: SQLiteConnection, _ selection: String, id: String) {
            (self.connection, self.selection, self.id) = (connection, selection, id)
        }

        var upwards: String { "\(selection) WHERE \(id)>=?1 ORDER BY \(id)" }
        var downwards: String { "\(selection) WHERE \(id)<?1 AND \(id)>?2 ORDER BY \(id) DESC" }
    }

    private typealias Bind = (_ from: SQLiteStatement, _ to: SQLiteStatement) throws(SQLiteError) -> Bool

    private func copy(_ table: Table, _ insertion: SQLiteStatement, _ bind: Bind) throws(SQLiteError) -> Set<Int64> {
        var copied: Set<Int64> = []
        var last = Int64.min
        var distance: Int64 = 0
        while true {
            let (start, overflow) = max(last, -1).addingReportingOverflow(1 + distance)
            if overflow { return copied }
            let (end, isWhole) = try walk(table, upwards: true, from: start, to: .max, insertion, bind, &copied)
            if let end {
                if distance > 0 { _ = try walk(table, upwards: false, from: start, to: last, insertion, bind, &copied) }
                last = end
                distance = 0
            }
            if isWhole { return copied }
            distance = distance == 0 ? 1 : distance.multipliedReportingOverflow(by: 2).partialValue
            if distance <= 0 { return copied }
        }
    }

    /// Copies until the end, `isWhole`, or until reading fails; `end` is the last id that could be read.
    private func walk(
        _ table: Table, upwards: Bool, from start: Int64, to limit: Int64, _ insertion: SQLiteStatement, _ bind: Bind, _ copied: inout Set<Int64>
    ) throws(SQLiteError) -> (end: Int64?, isWhole: Bool) {
        var (end, failure): (Int64?, SQLiteError?)
        do throws(SQLiteError) {
            try table.connection.query(upwards ? table.upwards : table.downwards) { (statement) throws(SQLiteError) in
                statement.bind(start, at: 1)
                if !upwards { statement.bind(limit, at: 2) }
                while failure == nil, try statement.step() {
                    let id = statement.integer(0)
                    // Pages that point in a circle.
                    if let end, upwards ? id <= end : id >= end { throw SQLiteError.corrupt }
                    end = id
                    guard !copied.contains(id), try bind(statement, insertion) else { continue }
                    do throws(SQLiteError) { try insertion.run() } catch { failure = error }
                    copied.insert(id)
                }
            }
        } catch { return (end, false) }
        if let failure { throw failure }
        return (end, true)
    }
}
