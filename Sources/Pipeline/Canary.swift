#if CANARIES
    /// Bugs that the simulation must find (Tests/Simulation), one at a time. Not in releases: CANARIES is defined for debug builds (Package.swift).
    public enum Canary: String, CaseIterable, Sendable {
        /// What a job writes counts as stored although it failed.
        case ackBeforeCommit
        /// With `sync` a delivery is sent while the job that stores it is under way.
        case sendBeforeCommit
        /// At the end of the process what waits is not stored.
        case lostTail
        /// A batch frees its segment twice, so that it goes while others lie in it.
        case doubleRelease
        /// A delivery that failed goes after those that follow it.
        case reorderingRetry
        /// The ledger is not told of the batches that are dropped for newer ones.
        case uncountedDrop
        /// What has ended is not taken out of the spool.
        case forgottenSettlement
        /// Parts of a stored delivery go behind all that is in the spool.
        case latePart
        /// Each attempt has a key of its own.
        case newKey

        @TaskLocal public static var planted: Canary?
        var isPlanted: Bool { Self.planted == self }
    }
#endif
