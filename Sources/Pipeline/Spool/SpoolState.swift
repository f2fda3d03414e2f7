/// How the forwarder uses a spool.
public struct SpoolSettings: Sendable, Equatable {
    /// `spill` or `sync`; `memory` is no spool at all.
    public var durability: Durability
    /// With `spill`: how long a batch may wait before it goes to disk.
    public var after: Duration
    /// Bytes of rows (`SpoolRun.footprint`), at most.
    public var bytesMax: Int

    public init(durability: Durability = .spill, after: Duration = .seconds(1), bytesMax: Int = 256 << 20) {
        self.durability = durability
        self.after = after
        self.bytesMax = bytesMax
    }
}

/// What the forwarder knows of its spool, and the job that is under way.
struct SpoolState {
    var settings: SpoolSettings
    var content = SpoolContent()
    /// A job has succeeded, so that it is known what the spool holds, or the first one has failed.
    var hasOpened = false
    /// The spool has told what it holds, so that it is known what room it has.
    var isKnown = false
    /// Since when jobs have failed; nil while they succeed.
    var failingSince: Instant?
    var failuresInARow = 0
    /// The next job not before then.
    var retryAt: Instant?
    /// The last load brought nothing although something was there: the ring goes on alone.
    var isUnreadable = false
    /// Keys of deliveries that have ended: the next job removes them.
    var settled: [String] = []
    /// A delivery failed: the next job drops what is too old.
    var looksForExpired = false
    /// Making room freed nothing, and nothing has changed since.
    var cannotMakeRoom = false
    /// When rows were written last, with `sync`.
    var lastWrite: Instant?
    /// When the last job was made.
    var lastJob: Instant?
    /// The last load ended at its bound of deliveries: the next goes on where it stopped, in the same flush.
    var hasMoreInFlush = false
    var job: JobInHand?

    /// Bytes of a body for each of a request that was loaded; the largest of late.
    var bodyRatio = 1.0

    var isUsable: Bool { hasOpened && failingSince == nil }
    var isAtRest: Bool { job == nil && settled.isEmpty }

    /// What must be done or undone when the job ends.
    struct JobInHand {
        /// Waiting batches on their way into the spool, in the order of the job.
        var runs: [(lane: Int, batches: [Batch], tally: Tally)] = []
        /// Deliveries that it stores under their keys; `before` is what the spool had of them.
        var stored: [(delivery: Delivery, before: Active.Disk)] = []
        /// Their batches, each once: two halves of one batch may be stored together.
        var pinned: [(cursor: RingCursor, position: RingPosition)] = []
        var settledCount = 0
        /// `SpoolRun.footprint` of its rows.
        var footprint = 0
        /// Request bytes of `runs`.
        var runBytes = 0
        /// Not only reading, while writing fails.
        var isWriting = false
        var isLoading = false
        var isMakingRoom = false
    }
}
