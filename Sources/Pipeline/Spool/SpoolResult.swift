/// How a job ended.
public struct SpoolResult: Sendable {
    /// nil: all of it is in the spool for good. Otherwise nothing of it is, and nothing was dropped; deliveries may have been loaded all the same
    /// (reading works where writing does not): their rows are held, but their claims would not outlive the process. The next job that succeeds
    /// writes them down: later rows could be claimed for good else, and a process after this one would send those first.
    public var failure: SpoolFailure?
    /// In the order in which they are to be sent.
    public var loaded: [LoadedDelivery] = []
    /// What `expireBefore` and `makeRoom` dropped.
    public var expired = Tally()
    public var madeRoom = Tally()
    /// What was found damaged and could not be read, as far as it was counted: it is not in the spool any more.
    public var damaged = Tally()
    /// Where a damaged file went, with what could not be read; what could be is in the spool.
    public var movedAside: String?
    /// nil: it could not be opened.
    public var content: SpoolContent?

    public init() {}
}

/// What the spool holds after a job.
public struct SpoolContent: Sendable, Equatable {
    /// Rows that no delivery of this process holds.
    public var waiting = Tally()
    /// Request bytes of those.
    public var waitingBytes = 0
    /// When the oldest of those arrived; nil when there is none. Not before the clock's start.
    public var oldestArrived: Instant?
    /// `SpoolRun.footprint` of all rows, held ones included.
    public var bytes = 0

    public init() {}
}

/// Why a job failed; in words, with the path. The forwarder tries again by itself.
public enum SpoolFailure: Error, Sendable, Equatable {
    /// No space left on the device, or a quota.
    case diskFull(String)
    /// Read-only, no rights, an I/O error, or another reason of the system.
    case unusable(String)

    public var text: String {
        switch self {
        case .diskFull(let text), .unusable(let text): text
        }
    }
}

/// A delivery as the spool gives it: bytes that are looked at again like a client's.
public struct LoadedDelivery: Sendable {
    public var key: String
    /// It was claimed by a process before this one: it may have been delivered already.
    public var wasClaimed: Bool
    public var rows: [Row]
    /// As counted when it was written.
    public var tally: Tally
    /// How long ago the oldest batch arrived.
    public var age: Duration

    /// A reference, so that its bytes can be freed as soon as they lie in the ring, whoever else holds the delivery. The thread that reads it from the spool
    /// hands it over to the loop's.
    public final class Row: @unchecked Sendable {
        /// `ReportBoundaryLogsRequest`s of batches, end to end; empty once they were taken.
        public private(set) var bytes: [UInt8]
        /// How long each is.
        public let batchBytes: [Int]
        public let byteCount: Int

        public init(bytes: [UInt8], batchBytes: [Int]) {
            self.bytes = bytes
            self.batchBytes = batchBytes
            byteCount = bytes.count
        }

        func takeBytes() -> [UInt8] {
            defer { bytes = [] }
            return bytes
        }
    }

    /// Request bytes of all rows.
    public var byteCount: Int { rows.reduce(0) { $0 + $1.byteCount } }

    public init(key: String, wasClaimed: Bool, rows: [Row], tally: Tally, age: Duration) {
        self.key = key
        self.wasClaimed = wasClaimed
        self.rows = rows
        self.tally = tally
        self.age = age
    }
}
