/// One piece of work for the spool: a transaction, all or nothing. The forwarder makes one at a time and waits for its `SpoolResult`.
///
/// In this order: `runs` are added that take the place of others, `settled` are removed, `expireBefore` and `makeRoom` drop, the other `runs` are
/// added, `load` takes out. An empty job opens the spool, if
/// it is not open, and tells what it holds.
///
/// The rows of a spool are *free*, or *held* by a delivery: claimed by its key, in the spool for good and in memory of this process. Free rows, and
/// rows with a claim that a process before this one made, are what waits in the spool.
///
/// It may cross to another thread: the bytes of its batches stay where they are, unchanged, until its result is handed to the forwarder.
public struct SpoolJob: @unchecked Sendable {
    /// Keys of deliveries that have come to their end: the rows that they hold go.
    public var settled: [String] = []
    /// Rows to add, in order.
    public var runs: [SpoolRun] = []
    /// Free rows whose oldest batch arrived before then are dropped (`--give-up-after`). nil: none.
    public var expireBefore: Instant?
    /// The oldest free rows are dropped until so many bytes (`SpoolRun.footprint`) have gone (`--overflow drop-oldest`). 0: none.
    public var makeRoom = 0
    /// Take deliveries out. nil: none.
    public var load: SpoolLoad?
    /// When it was made. With the wall clock at that moment it turns arrivals into times that outlive the process.
    public var now: Instant

    public init(now: Instant) { self.now = now }
}

/// A row of the spool: batches of one session and process, laid end to end by the merge law, in order of arrival.
public struct SpoolRun {
    /// Request bytes of a row, at most, but for a batch that is larger by itself. Rows of a megabyte would save nothing, and whoever writes and
    /// reads them would take memory from the system, and give it back, each time.
    public static let bytesMax = 112 << 10

    /// The delivery that holds it. nil: none, the row is free.
    public var key: String?
    /// At least one. Their bytes, end to end, are the row's.
    public var batches: [Batch]
    /// Only these logs of the one batch (`batches.count` is 1 then). nil: all.
    public var logs: Range<Int>?
    public var logCount: Int
    /// Where it stands among the rows. nil: behind all others.
    public var place: Place?

    /// A part of a delivery that was stored, and has been split since, stands where that one's claim stood, so that a process after
    /// this one sends it before what follows. Rows of one place are in order of the logs before them, and those count from the first of all: what
    /// takes the place of a part adds its own to that part's.
    public struct Place: Sendable, Equatable {
        /// The key of that delivery.
        public var key: String
        /// Logs of it that go before this row's.
        public var logsBefore: Int

        public init(of key: String, logsBefore: Int) {
            self.key = key
            self.logsBefore = logsBefore
        }
    }

    public init(key: String?, batches: [Batch], logs: Range<Int>?, logCount: Int, place: Place? = nil) {
        self.key = key
        self.batches = batches
        self.logs = logs
        self.logCount = logCount
        self.place = place
    }

    /// What a row counts for against `--spool-bytes-max`, in bytes: its request bytes in whole pages, and what stands beside them.
    public static func footprint(ofBytes count: Int) -> Int {
        let bytes = count + overheadBytes
        return count <= pageBytes / 2 ? bytes : (bytes + pageBytes - 1) & ~(pageBytes - 1)
    }

    /// A page of the spool's file, in bytes.
    public static let pageBytes = 8 << 10
    /// What stands beside a row's request bytes.
    public static let overheadBytes = 128

    public var footprint: Int { Self.footprint(ofBytes: batches.reduce(0) { $0 + $1.request.count }) }
}

/// What to take out of the spool: whole deliveries, oldest first.
///
/// First those that a process before this one had claimed, in the order of their claims: all rows of one key, under that key. Then free rows: the oldest, and as many as
/// follow within the bound, of the same session and process unless the destination mixes them. They are claimed in the same transaction.
public struct SpoolLoad: Sendable {
    /// Request bytes of one delivery, at most, but for a row that is larger by itself, and for what was claimed before.
    public var bytesMax: Int
    /// Request bytes of all, at most, but for the first delivery.
    public var totalBytesMax: Int
    /// A delivery may hold rows of several sessions.
    public var mixesSessions: Bool
    /// Keys for what has none yet, to be used in order: as many deliveries at the most.
    public var keys: [String]

    public init(bytesMax: Int, totalBytesMax: Int, mixesSessions: Bool, keys: [String]) {
        self.bytesMax = bytesMax
        self.totalBytesMax = totalBytesMax
        self.mixesSessions = mixesSessions
        self.keys = keys
    }
}
