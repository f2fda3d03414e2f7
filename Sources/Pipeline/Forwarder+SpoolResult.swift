import Wire

extension Forwarder {
    /// What a job of the spool led to, for logs and metrics.
    public struct SpoolReport: Sendable {
        /// The spool has begun to fail.
        public var failed: SpoolFailure?
        /// It works again, after failing for so long.
        public var worksAgainAfter: Duration?
        /// In it although this process did not put it there.
        public var recovered = Tally()
        /// Dropped from it: too old to be tried again.
        public var expired = Tally()
        /// Dropped from it, the oldest, to make room.
        public var madeRoom = Tally()
        /// Could not be read any more.
        public var damaged = Tally()
        /// Someone else has taken it away.
        public var purged = Tally()
    }

    /// Ends the job that `step` gave.
    public func finish(_ result: SpoolResult, now: Instant) -> SpoolReport {
        guard let inHand = spool?.job else { preconditionFailure("a job of the spool was finished twice") }
        var report = SpoolReport()
        spool?.job = nil
        spool?.hasOpened = true
        var isCommitted = result.failure == nil
        #if CANARIES
            isCommitted = isCommitted || Canary.ackBeforeCommit.isPlanted
        #endif
        if isCommitted { commit(inHand) } else { undo(inHand) }
        if inHand.isMakingRoom { spool?.cannotMakeRoom = result.madeRoom == Tally() } else if inHand.settledCount > 0 { spool?.cannotMakeRoom = false }
        note(result.failure, inHand, hasLoaded: !result.loaded.isEmpty, now, &report)
        account(for: result, &report)
        if inHand.isLoading { spool?.hasMoreInFlush = result.loaded.count == Self.loadCountMax }
        for delivery in result.loaded { put(delivery, now) }
        if ledger.spooled == Tally() { loaded.ring.promisedBytes = 0 }
        return report
    }

    // MARK: What was written

    private func commit(_ inHand: SpoolState.JobInHand) {
        spool?.settled.removeFirst(inHand.settledCount)
        for run in inHand.runs {
            for batch in run.batches { cursor.release(batch.position) }
            lanes.endRun(of: run.lane)
            ledger.spool(run.tally)
        }
        unpin(inHand)
        for stored in inHand.stored {
            let claim = SpoolClaim(key: stored.delivery.key)
            if let index = active.firstIndex(where: { $0.delivery.number == stored.delivery.number }) {
                active[index].isBeingStored = false
                active[index].disk = .whole(claim)
                active[index].logsBefore = 0
            } else {
                // It ended meanwhile.
                forget(.whole(claim))
            }
        }
    }

    private func undo(_ inHand: SpoolState.JobInHand) {
        for run in inHand.runs.reversed() {
            lanes.giveBack(run.batches, to: run.lane)
            waitingBytes += run.batches.reduce(0) { $0 + $1.request.count }
        }
        if !inHand.runs.isEmpty { cursor.searchAgain() }
        // Nothing was written: what is late is due as soon as the spool works.
        spool?.lastWrite = nil
        unpin(inHand)
        // All of them first: the end of one part must not be taken for the end of the last.
        for stored in inHand.stored {
            if case .part(let claim) = stored.before { claim.parts += 1 }
        }
        for stored in inHand.stored {
            if let index = active.firstIndex(where: { $0.delivery.number == stored.delivery.number }) {
                active[index].isBeingStored = false
            } else {
                forget(stored.before)
            }
        }
    }

    private func unpin(_ inHand: SpoolState.JobInHand) {
        for (cursor, position) in inHand.pinned { cursor.unpin(position) }
    }

    /// A delivery has ended: what the spool has of it goes with the next job, or, of a part, with the last of its parts.
    func forget(_ disk: Active.Disk) {
        #if CANARIES
            if Canary.forgottenSettlement.isPlanted { return }
        #endif
        switch disk {
        case .nothing: break
        case .whole(let claim), .part(let claim):
            claim.parts -= 1
            if claim.parts == 0 { spool?.settled.append(claim.key) }
        }
    }

    // MARK: Failure

    /// After a failed job the next waits: 1 s, and twice as long with each in a row, up to this.
    static let spoolRetryMax: Duration = .seconds(30)

    private func note(_ failure: SpoolFailure?, _ inHand: SpoolState.JobInHand, hasLoaded: Bool, _ now: Instant, _ report: inout SpoolReport) {
        if failure == nil || inHand.isLoading { spool?.isUnreadable = failure != nil && !hasLoaded }
        guard let failure else {
            report.worksAgainAfter = spool?.failingSince.map(now.since)
            spool?.failingSince = nil
            spool?.failuresInARow = 0
            spool?.retryAt = nil
            return
        }
        guard inHand.isWriting, let failuresBefore = spool?.failuresInARow else { return }
        if spool?.failingSince == nil {
            spool?.failingSince = now
            report.failed = failure
        }
        spool?.failuresInARow += 1
        spool?.retryAt = now.advanced(by: min(.seconds(1 << min(failuresBefore, 5)), Self.spoolRetryMax))
    }

    // MARK: What it holds

    /// Holds the ledger equal to what the spool says.
    private func account(for result: SpoolResult, _ report: inout SpoolReport) {
        guard let content = result.content else { return }
        spool?.content = content
        spool?.isKnown = true
        report.expired = result.expired
        report.madeRoom = result.madeRoom
        report.damaged = result.damaged
        let gone = result.loaded.reduce(result.expired + result.madeRoom + result.damaged) { $0 + $1.tally }
        let after = gone + content.waiting
        // Nothing but our own jobs should change it; someone may have purged it, or put an older copy in its place.
        report.recovered = after.exceeding(ledger.spooled)
        report.purged = ledger.spooled.exceeding(after)
        ledger.recover(report.recovered)
        ledger.dropSpooled(report.purged, .purged)
        ledger.dropSpooled(result.expired, .forwardFailed)
        ledger.dropSpooled(result.madeRoom, .bufferFull)
        ledger.dropSpooled(result.damaged, .spoolDamaged)
    }

    /// Takes in a delivery from the spool. Its bytes come from outside, like a client's.
    private func put(_ loaded: LoadedDelivery, _ now: Instant) {
        var batches: [Batch] = []
        batches.reserveCapacity(loaded.rows.reduce(0) { $0 + $1.batchBytes.count })
        var found = Tally()
        let arrived = now.advanced(by: .zero - loaded.age)
        for row in loaded.rows {
            let bytes = row.takeBytes()
            var start = 0
            for count in row.batchBytes {
                guard count > 0, count <= bytes.count - start else { break }
                let payload = bytes.span.bytes.extracting(start..<start + count)
                start += count
                guard let batch = hold(payload, arrived) else { continue }
                batches.append(batch)
                found += Tally(logs: UInt64(batch.logCount), batches: 1)
            }
        }
        // The row's sum protects it, so that the two are equal unless we have a bug; the account holds in any case.
        ledger.dropSpooled(loaded.tally.exceeding(found), .spoolDamaged)
        ledger.recover(found.exceeding(loaded.tally))
        ledger.load(found)
        activate(batches, loaded, now)
    }

    /// nil: it is no batch.
    private func hold(_ payload: RawSpan, _ arrived: Instant) -> Batch? {
        guard case .logs(let request) = BoundaryScan.scan(.logs, payload), request.byteCount <= FrameDecoder.payloadBytesMax,
            let room = loaded.ring.reserve(request.byteCount)
        else { return nil }
        BoundaryScan.copyRequest(request, of: payload, to: room)
        let position = loaded.ring.commit(request, arrived: arrived)
        loaded.link(position).pointee.state = .held
        loaded.link(position).pointee.parts = 1
        return loaded.batch(at: position)
    }

    private func activate(_ batches: [Batch], _ loaded: LoadedDelivery, _ now: Instant) {
        let claim = SpoolClaim(key: loaded.key)
        guard !batches.isEmpty else { return forget(.whole(claim)) }
        // For a destination that mixes sessions it was claimed, and this one does not.
        let groups = reporter.traits.mixesSessions ? [batches] : sessions(of: batches)
        claim.parts = groups.count
        let bodyBytes = batches.reduce(0) { $0 + reporter.bodyBytes(of: $1) }
        let ratioBefore = spool?.bodyRatio ?? 1
        spool?.bodyRatio = max(Double(bodyBytes) / Double(loaded.byteCount), ratioBefore * 0.75, 1)
        var logsBefore = 0
        for group in groups {
            var entry = makeActive(
                group, bodyBytes: group.reduce(0) { $0 + reporter.bodyBytes(of: $1) }, logs: nil,
                logCount: group.reduce(0) { $0 + $1.logCount }, origin: .spool)
            if groups.count == 1 {
                entry.delivery.key = loaded.key
                entry.disk = .whole(claim)
                entry.mayHaveArrived = loaded.wasClaimed
            } else {
                entry.disk = .part(claim)
                entry.logsBefore = logsBefore
            }
            logsBefore += entry.delivery.logCount
            entry.givesUpAt = settings.giveUpAfter.map { now.advanced(by: $0 - loaded.age) }
            if !reporter.traits.mixesSessions { entry.sessionHash = group[0].sessionHash }
            active.append(entry)
        }
    }
}

extension Batch {
    var sessionHash: Int {
        var hasher = Hasher()
        hasher.combine(sessionID.count)
        hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: request[sessionID]))
        hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: request[processName]))
        return hasher.finalize()
    }
}
