import Pipeline
internal import Glibc

/// The durable queue: a SQLite database that one process serves (docs/architecture.md, "The spool").
///
/// Every job may block on the disk, for as long as that takes. One thread at a time may use a store, not always the same one; whoever hands it from
/// one to the next orders what they do. It is closed before it goes away.
///
/// A job that fails has changed nothing. A store that cannot be opened tries again with each job. One whose file is damaged moves it aside, keeps
/// what can be read of it, and goes on.
public final class SpoolStore: @unchecked Sendable {
    /// https://www.sqlite.org/pragma.html#pragma_synchronous
    public enum Synchronous: Sendable {
        /// A job that succeeded survives the end of the process.
        case normal
        /// It survives the end of the machine as well.
        case full
    }

    let directory: SpoolDirectory
    let synchronous: Synchronous
    /// Nanoseconds since 1970.
    let wallClock: @Sendable () -> Int64

    var lock: SpoolLock?
    var database: SpoolDatabase?
    var account = SpoolAccount()
    var holds = SpoolHolds()
    /// Claims that processes before this one made, in the order in which they were made, and all rows of theirs.
    var orphans: [SpoolOrphan] = []
    var orphanIDs: Set<Int64> = []
    /// What waited in a database that was found damaged or gone, until another one is open.
    var missed: Tally?
    /// Rows and their lengths are put together here.
    var body: [UInt8] = []
    var sizes: [UInt8] = []
    /// The last job failed in writing: one that has nothing to write has to show that it works again.
    private var isWritingInDoubt = false
    /// The most that rows took up since the file was last compacted.
    private var bytesPeak = 0

    /// Memory that is kept from job to job, for putting rows together.
    private static let bufferBytesMax = 1 << 20
    /// An empty database that has held more is made small again.
    private static let compactionBytes = 32 << 20

    /// Makes the directory if need be, and takes the lock. Throws if another process has it, or others may write there; if the directory cannot be
    /// used for another reason, the jobs say so, and try again.
    /// - Parameter wallClock: nanoseconds since 1970, the system's if nil; read once for each job, on its thread.
    public init(
        directory: String, synchronous: Synchronous, wallClock: (@Sendable () -> Int64)? = nil
    ) throws(SpoolError) {
        self.directory = SpoolDirectory(path: directory)
        self.synchronous = synchronous
        self.wallClock = wallClock ?? UTCTime.now
        do throws(SpoolProblem) { try takeLock() } catch {
            if case .error(let error) = error { throw error }
        }
    }

    deinit { assert(database == nil, "a spool must be closed before it goes away") }

    /// Does one job. It blocks.
    public func run(_ job: SpoolJob) -> SpoolResult {
        var result = SpoolResult()
        let time = JobTime(now: job.now, wall: wallClock())
        var mayRepair = true
        var mayCheckpoint = true
        while true {
            do throws(SpoolProblem) {
                try open(time, &result)
                try transact(job, time, &result)
                isWritingInDoubt = false
                break
            } catch {
                switch error {
                case .damage(let reason) where mayRepair:
                    mayRepair = false
                    do throws(SpoolProblem) { try repair(reason, time, &result) } catch {
                        result.failure = error.failure
                        break
                    }
                    continue
                case .failure(.diskFull) where mayCheckpoint && database != nil:
                    // The log may be what fills it.
                    mayCheckpoint = false
                    database?.checkpoint()
                    continue
                default:
                    result.failure = error.failure
                }
            }
            isWritingInDoubt = true
            readOnly(job, time, &result)
            break
        }
        result.content = content(time)
        tidy()
        return result
    }

    /// Brings the write-ahead log into the database and lets go of everything. What is held stays claimed.
    public func close() {
        database?.close(isCheckpointing: true)
        database = nil
        lock = nil
    }

    // MARK: One job

    private func transact(_ job: SpoolJob, _ time: JobTime, _ result: inout SpoolResult) throws(SpoolProblem) {
        guard let database else { return }
        let before = account
        holds.begin()
        var done = SpoolResult()
        do throws(SpoolProblem) {
            try SpoolProblem.mapping("write to the spool \(directory.path)") { () throws(SQLiteError) in try database.beginTransaction() }
            try noticeStrangers(database)
            // They are placed by those that go.
            for run in job.runs where run.place != nil { try add(run, time, database) }
            try settle(job.settled, database)
            if let limit = job.expireBefore { done.expired = try expire(before: time.wall(of: limit), database) }
            if job.makeRoom > 0 { done.madeRoom = try makeRoom(job.makeRoom, database) }
            for run in job.runs where run.place == nil { try add(run, time, database) }
            try claimHeld(database)
            if let load = job.load { done.loaded = try self.load(load, time, database, isClaiming: true) }
            try SpoolProblem.mapping("write to the spool \(directory.path)") { () throws(SQLiteError) in
                if isWritingInDoubt { try database.connection.execute("PRAGMA user_version=\(SpoolSchema.userVersion)") }
                try database.commitTransaction()
            }
        } catch {
            database.connection.rollBack()
            holds.rollBack()
            account = before
            throw error
        }
        result.expired = done.expired
        result.madeRoom = done.madeRoom
        result.loaded = done.loaded
    }

    /// What a job that cannot write can still do: take out, with claims that are kept in memory only.
    private func readOnly(_ job: SpoolJob, _ time: JobTime, _ result: inout SpoolResult) {
        guard let database, let load = job.load else { return }
        let before = account
        holds.begin()
        do throws(SpoolProblem) {
            try SpoolProblem.mapping("read the spool \(directory.path)") { () throws(SQLiteError) in try database.connection.execute("BEGIN") }
            result.loaded = try self.load(load, time, database, isClaiming: false)
        } catch {
            holds.rollBack()
            account = before
        }
        database.connection.rollBack()
    }

    private func tidy() {
        if body.capacity > Self.bufferBytesMax { body = [] }
        guard let database else { return }
        bytesPeak = max(bytesPeak, account.bytes)
        if account.rows == 0, bytesPeak > Self.compactionBytes {
            bytesPeak = 0
            database.compact()
        }
    }

    // MARK: What it holds

    private func content(_ time: JobTime) -> SpoolContent? {
        guard let database else { return nil }
        var content = SpoolContent()
        content.waiting = account.waiting
        content.waitingBytes = account.waitingBytes
        content.bytes = account.bytes
        if account.waiting != Tally(), let oldest = try? oldestArrival(database) { content.oldestArrived = time.instant(of: oldest) }
        return content
    }
}
