@testable import Pipeline

extension SimulatedProcess {
    /// What must hold after every step.
    func check() throws(Violation) {
        let ledger = forwarder.ledger
        try require(ledger.balances, "the ledger does not balance: \(ledger)")
        try require(ledger.received == received, "received \(received), the ledger says \(ledger.received)")
        try require(ledger.delivered.logs == deliveredLogs, "\(deliveredLogs) logs are delivered, the ledger says \(ledger.delivered.logs)")
        for reason in DropReason.allCases {
            let (truth, said) = (droppedLogs[reason] ?? 0, ledger.dropped(reason).logs)
            try require(said == truth, "\(truth) logs are dropped as \(reason.rawValue), the ledger says \(said)")
        }
        try require(ledger.recovered == (hasSeenSpool ? left : Tally()), "recovered \(left), the ledger says \(ledger.recovered)")
        let spooled = hasSeenSpool ? world.spool.content.waiting : Tally()
        try require(ledger.spooled == spooled, "\(spooled) are in the spool, the ledger says \(ledger.spooled)")
        var waits = waiting.tally
        for run in job?.job.runs ?? [] where run.key == nil {
            waits = waits + Tally(logs: UInt64(run.logCount), batches: UInt64(run.batches.count))
        }
        try require(ledger.waiting == waits, "\(waits) wait, the ledger says \(ledger.waiting)")
        try neighbour?.check(received: received)
        try checkBounds()
    }

    private func checkBounds() throws(Violation) {
        let ring = forwarder.ring
        // Lanes may open in the last segment.
        try require(ring.bytesUsed <= ring.bytesMax + ring.segmentBytes, "the ring holds \(ring.bytesUsed) of \(ring.bytesMax) bytes")
        // Parts of what is there already find room in any case: as much as before, in whole pages each.
        let most = max(world.setup.spoolBytesMax, spoolBytesBefore) + world.spool.partCount * (SpoolRun.pageBytes + SpoolRun.overheadBytes)
        let bytes = world.spool.content.bytes
        try require(bytes <= most, "the spool holds \(bytes) of \(most) bytes")
    }

    /// Nothing is left of anything.
    func checkIsEmpty() throws(Violation) {
        try require(forwarder.isEmpty && forwarder.active.isEmpty, "deliveries are left")
        try require(forwarder.ring.isEmpty && forwarder.ring.bytesUsed == 0 && forwarder.waitingBytes == 0, "the ring is not empty")
        try require(forwarder.loaded.ring.isEmpty, "what was loaded is not released")
        try require(forwarder.laneCount == 0, "\(forwarder.laneCount) lanes are open")
        try require(world.spool.rows.isEmpty, "\(world.spool.rows.count) rows are left in the spool")
        try require(world.truth.heldCount == 0, "the proxy owes \(world.truth.heldCount) logs and does not know it")
    }

    // MARK: The end

    /// Whether what is late is in the spool for sure.
    private var isKeepingPromises: Bool {
        world.setup.durability != .memory && world.setup.isSpoolRoomy && hasSeenSpool && !isSpoolFailing && world.disk == .works
    }

    /// kill -9. The job under way may have been committed.
    func crash(committing: Bool) throws(Violation) {
        if job != nil { world.met.insert(.crashedInJob) }
        let isPromising = isKeepingPromises
        let bound = world.setup.durability == .sync ? Forwarder.groupInterval : world.setup.after
        let due = (job?.madeAt ?? world.now).advanced(by: .zero - bound)
        let written = job?.content.flatMap { $0 } ?? []
        if committing, let job {
            let result = try world.spool.run(job.job, health: world.disk, now: world.now)
            if result.failure == nil { try didCommit(job) }
        }
        try world.truth.endProcess(spool: world.spool.logs, job: written) { isPromising && !$0.isInJob && $0.arrived < due }
        world.spool.endProcess()
    }

    /// The end of an orderly stop: all that could be stored is.
    func stop() throws(Violation) {
        let inSpool = world.truth.heldCount(in: world.spool.logs)
        let lost = world.truth.heldCount - inSpool
        if lost > 0, world.setup.durability != .memory { world.met.insert(.restLost) }
        if inSpool > 0 { world.met.insert(.restStored) }
        try neighbour?.stop()
        forwarder.abandon()
        let ledger = forwarder.ledger
        try require(ledger.balances && ledger.waiting == Tally() && ledger.inFlight == Tally(), "the ledger is left with \(ledger)")
        try require(ledger.droppedShutdown.logs == lost, "\(lost) logs are lost with the process, the ledger says \(ledger.droppedShutdown.logs)")
        let left = hasSeenSpool ? inSpool : 0
        try require(ledger.spooled.logs == left, "\(left) logs are left in the spool, the ledger says \(ledger.spooled.logs)")
        try require(forwarder.ring.isEmpty && forwarder.loaded.ring.isEmpty && forwarder.laneCount == 0, "the end left something behind")
        // A spool that had failed was tried once more.
        let isPromising = world.setup.durability != .memory && world.setup.isSpoolRoomy && world.disk == .works
        try world.truth.endProcess(spool: world.spool.logs) { _ in isPromising }
        world.spool.endProcess()
    }
}
