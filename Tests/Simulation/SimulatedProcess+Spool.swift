@testable import Pipeline

extension SimulatedProcess {
    func start(_ job: SpoolJob) throws(Violation) {
        try require(self.job == nil, "two jobs of the spool are under way")
        try checkIsDue(job)
        var content: [[LogRange]] = []
        for run in job.runs {
            guard let logs = LogRange.all(of: run.batches, logs: run.logs) else { throw Violation("a run holds what was not received") }
            try waiting.take(logs)
            content.append(logs)
        }
        world.note("job: \(job.settled) settled, \(zip(job.runs, content).map { "\($0.key ?? "free") \($1)" }), loads \(job.load?.bytesMax ?? 0)")
        // While writing fails, a job may only read.
        let isReading = isSpoolFailing && job.settled.isEmpty
        self.job = Job(job: job, madeAt: world.now, content: content, ended: isReading ? [] : ended)
    }

    /// With `spill` the disk is not touched but for what is late, what is too much, and at the end.
    private func checkIsDue(_ job: SpoolJob) throws(Violation) {
        guard world.setup.durability == .spill, phase != .storingRest, forwarder.cursor.bytesUsed < forwarder.cursor.bytesMax / 2 else { return }
        let oldest = job.runs.filter { $0.place == nil }.flatMap(\.batches).map(\.arrived).min()
        guard var oldest else { return }
        // What is due may have no room, and what goes before it some.
        oldest = forwarder.active.filter(\.isOnlyInMemory).reduce(oldest) { min($0, $1.oldest) }
        if let waiting = forwarder.cursor.oldestWaiting() { oldest = min(oldest, forwarder.cursor.header(waiting).pointee.arrived) }
        try require(oldest.advanced(by: world.setup.after) <= world.now, "what arrived at \(oldest.milliseconds) is stored too early")
    }

    /// Ends the job under way.
    func finishJob() throws(Violation) {
        guard let job else { return }
        for (run, logs) in zip(job.job.runs, job.content) {
            try require(LogRange.all(of: run.batches, logs: run.logs) == logs, "the bytes of a run changed while it was written")
        }
        let result = try world.spool.run(job.job, health: world.disk, now: world.now)
        world.note("job done, \(world.disk): loaded \(result.loaded.map { "\($0.key) \($0.tally)" }), \(result.content.map { "\($0)" } ?? "not open")")
        self.job = nil
        noteHappenings(job, result)
        try checkRoomMade(job, result)
        if result.failure == nil { try didCommit(job) } else { try didFail(job, result) }
        let report = forwarder.finish(result, now: world.now)
        isSpoolFailing = result.failure != nil
        try require(report.purged == Tally() && report.damaged == Tally(), "logs vanished from the spool: \(report)")
        let recovered = hasSeenSpool || result.content == nil ? Tally() : left
        try require(report.recovered == recovered, "recovered \(report.recovered) from the spool, not \(recovered)")
        hasSeenSpool = hasSeenSpool || result.content != nil
        try checkLoaded()
    }

    /// What could not be dropped cannot be at the next job either, until something has ended.
    private func checkRoomMade(_ job: Job, _ result: SpoolResult) throws(Violation) {
        let isInVain = job.job.makeRoom > 0 && result.madeRoom == Tally() && result.failure == nil
        try require(!isInVain || !askedForRoomInVain || !job.job.settled.isEmpty, "the spool is asked for room in vain, again")
        askedForRoomInVain = isInVain
    }

    private func noteHappenings(_ job: Job, _ result: SpoolResult) {
        if result.failure != nil { world.met.insert(result.content == nil ? .unreadable : .jobFailed) }
        if result.failure != nil, result.loaded.contains(where: { !$0.wasClaimed }) { world.met.insert(.loadedUnclaimed) }
        if result.loaded.contains(where: \.wasClaimed) { world.met.insert(.reclaimed) }
        if result.madeRoom != Tally() { world.met.insert(.madeRoom) }
        if result.expired != Tally() { world.met.insert(.expired) }
        if result.failure == nil, job.job.runs.contains(where: { $0.place != nil }) { world.met.insert(.partStored) }
        if let bytes = result.content?.bytes, bytes > world.setup.spoolBytesMax / 8 * 7 { world.met.insert(.spoolFull) }
    }

    func didCommit(_ job: Job) throws(Violation) {
        let stillThere = Set(world.spool.rows.compactMap(\.holder)).intersection(job.ended)
        try require(stillThere.isEmpty, "\(stillThere) ended before the job, which left them in the spool")
        ended.subtract(job.ended)
        for range in world.spool.expired { try drop(range, .forwardFailed) }
        for range in world.spool.madeRoom { try drop(range, .bufferFull) }
        for range in world.spool.removed {
            for number in range.numbers where !world.truth[range.session, number].status.isEnd {
                let isKept = world.spool.rows.contains { $0.logs.contains(range.session, number) }
                try require(isKept, "\(range.session)/\(number) was removed from the spool before its end")
            }
        }
    }

    private func didFail(_ job: Job, _ result: SpoolResult) throws(Violation) {
        for (run, logs) in zip(job.job.runs, job.content) where run.key == nil { waiting.giveBack(logs) }
        for row in world.spool.rows where row.holder != nil && row.claim != row.holder { world.truth.letKeyChange(row.logs) }
        guard result.content == nil else { return }
        guard !world.spool.rows.isEmpty else { return }
        // Deliveries of several sessions carry the disorder from one to the other.
        let isMixing = world.setup.traits.mixesSessions || world.setup.changesTraits
        let affected = isMixing ? Set(0..<world.setup.sessions) : Set(world.spool.rows.map(\.session))
        for session in affected { world.truth.isOutOfOrder[session] = true }
    }

    /// What is in memory of the spool: two requests' worth, but for what one row or an earlier claim brings.
    private func checkLoaded() throws(Violation) {
        var positions: Set<RingPosition> = []
        var bytes = 0
        for entry in forwarder.active where entry.origin == .spool {
            for batch in entry.delivery.batches where positions.insert(batch.position).inserted { bytes += batch.request.count }
        }
        try require(bytes <= 2 * forwarder.settings.requestBytesMax + 64 << 10, "\(bytes) bytes of the spool are in memory")
    }
}
