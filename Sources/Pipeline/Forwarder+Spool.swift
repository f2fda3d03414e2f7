/// What goes into the spool, and when.
///
/// - What is in the spool goes first: while anything is, the ring's lanes are not offered, and follow it there when they are due.
/// - `sync`: everything goes into the spool, in groups, before it is sent. What is worth a delivery, while the destination keeps up, is stored as one, and
///   sent from the ring (Forwarder+Direct); the rest as rows, which a delivery then is put together from.
/// - `spill`: what waits in the ring follows when its oldest has waited `after`, or when the ring passes its mark.
/// - A delivery from the ring that has been under way or has failed for so long is stored as well, under its key, while it stays where it is.
/// - A delivery that comes from the spool is claimed by its key in the transaction that takes it out; its rows go when it has ended.
/// - While the spool fails, the ring carries on as if there were none, but for what the spool can still read.
extension Forwarder {
    /// Request bytes that one job writes, at most, but for deliveries that it stores: a commit takes some ten milliseconds then.
    static let jobBytesMax = 4 << 20
    /// With `sync`, groups follow each other at least so far apart, unless `groupBytes` wait; and what has ended is removed with the next group.
    static let groupInterval: Duration = .milliseconds(20)
    static let groupBytes = 1 << 20
    /// Deliveries that one job takes out, at most.
    static let loadCountMax = 16

    /// Spill mode's mark: half of the ring, so that there is room for what comes while a job writes. Not sooner: once something is in
    /// the spool all goes through it, at several times the cost.
    private var highMark: Int { cursor.bytesMax / 2 }

    /// The ring's lanes may be served: nothing that is older is in the spool or comes from it.
    var mayTakeFromRing: Bool {
        guard let spool else { return true }
        guard spool.hasOpened else { return false }
        guard !active.contains(where: { $0.origin == .spool }) else { return false }
        guard spool.isUsable else { return ledger.spooled == Tally() || spool.isUnreadable }
        return spool.settings.durability != .sync && ledger.spooled == Tally() && spool.job?.runs.isEmpty != false
    }

    /// The next job, if one is due. `wakeAt`: when one will be, unless something happens before.
    func makeJob(_ now: Instant, wakeAt: inout Instant?) -> SpoolJob? {
        wakeForReading(now, &wakeAt)
        guard let state = spool, state.job == nil else { return nil }
        var job = SpoolJob(now: now)
        var inHand = SpoolState.JobInHand()
        if let retryAt = state.retryAt, now < retryAt {
            // At the end there is no time for it: what could not be stored is lost.
            if !isStoringRest { wakeAt = retryAt }
            if state.isUnreadable { return nil }
        } else {
            job.settled = state.settled
            inHand.settledCount = state.settled.count
            inHand.isWriting = true
            if state.isKnown {
                if state.looksForExpired, failuresInARow > 0, let giveUpAfter = settings.giveUpAfter {
                    job.expireBefore = now.advanced(by: .zero - giveUpAfter)
                }
                let isDue = waitingIsDue(now, state)
                let hasFormed = isDue && formDeliveries(now, state)
                if storeDeliveries(now, isWaitingDue: isDue, &job, &inHand, &wakeAt), !hasFormed { storeWaiting(now, &job, &inHand, &wakeAt) }
            }
        }
        if state.hasOpened { load(now, &job, &inHand, &wakeAt) }
        let isEmpty = job.runs.isEmpty && job.load == nil && job.expireBefore == nil && job.makeRoom == 0
        if isEmpty, state.isUsable {
            guard !job.settled.isEmpty else { return nil }
            // It hurries only at the end.
            if let lastJob = state.lastJob, !isDraining, case let due = lastJob.advanced(by: Self.groupInterval), now < due {
                wakeAt = min(wakeAt ?? due, due)
                return nil
            }
        }
        // An empty one opens the spool, or looks whether it works again.
        guard !isEmpty || inHand.isWriting else { return nil }
        spool?.job = inHand
        // From now on deliveries may come out of it: two requests' worth, and what their records take.
        loaded.ring.promisedBytes = bytesMax / 4 * 9
        spool?.lastJob = now
        if inHand.isWriting { spool?.looksForExpired = false }
        return job
    }

    // MARK: Into the spool

    /// Deliveries that the spool should have, and does not have whole. False when it has no room for one: then what follows it has none either.
    private func storeDeliveries(
        _ now: Instant, isWaitingDue: Bool, _ job: inout SpoolJob, _ inHand: inout SpoolState.JobInHand, _ wakeAt: inout Instant?
    ) -> Bool {
        guard let spool else { return false }
        // Rows go in the order in which they were written: what is due takes along all that is before it, and what waits is behind all of them.
        let lastDue = isWaitingDue ? active.count : active.lastIndex { $0.isOnlyInMemory && now >= storingDue($0.oldest, spool, now) } ?? -1
        for index in active.indices {
            switch active[index].disk {
            case .whole: continue
            case .part(let claim):
                // All parts of a claim are stored in one job, and it goes in that job.
                claim.parts -= 1
                if claim.parts == 0 { job.settled.append(claim.key) }
            case .nothing:
                guard index <= lastDue else {
                    let due = storingDue(active[index].oldest, spool, now)
                    wakeAt = min(wakeAt ?? due, due)
                    continue
                }
                let footprint = rows(of: active[index].delivery.batches).reduce(0) { sum, batches in
                    sum + SpoolRun.footprint(ofBytes: batches.reduce(0) { $0 + $1.request.count })
                }
                guard roomLeft(spool, inHand) >= footprint else {
                    // Nothing is dropped for what is larger than the whole spool.
                    if footprint <= spool.settings.bytesMax { makeRoom(&job, &inHand) }
                    return false
                }
            }
            store(index, &job, &inHand)
        }
        return true
    }

    private func store(_ index: Int, _ job: inout SpoolJob, _ inHand: inout SpoolState.JobInHand) {
        let entry = active[index]
        var logsBefore = entry.logsBefore
        for batches in rows(of: entry.delivery.batches) {
            var run = SpoolRun(
                key: entry.delivery.key, batches: batches, logs: entry.delivery.logs,
                logCount: entry.delivery.logs?.count ?? batches.reduce(0) { $0 + $1.logCount })
            if case .part(let claim) = entry.disk { run.place = .init(of: claim.key, logsBefore: logsBefore) }
            #if CANARIES
                if Canary.latePart.isPlanted { run.place = nil }
            #endif
            logsBefore += run.logCount
            job.runs.append(run)
            inHand.footprint += run.footprint
        }
        let cursor = cursor(of: entry)
        for batch in entry.delivery.batches where cursor.pin(batch.position) { inHand.pinned.append((cursor, batch.position)) }
        active[index].isBeingStored = true
        inHand.stored.append((entry.delivery, entry.disk))
    }

    /// Batches of one session each; a destination that mixes them has several in a delivery.
    func sessions(of batches: [Batch]) -> [[Batch]] { runs(of: batches, bytesMax: .max) }

    private func rows(of batches: [Batch]) -> [[Batch]] { runs(of: batches, bytesMax: SpoolRun.bytesMax) }

    private func runs(of batches: [Batch], bytesMax: Int) -> [[Batch]] {
        var starts = [0]
        var bytes = 0
        for index in batches.indices {
            bytes += batches[index].request.count
            guard index > 0, bytes > bytesMax || !batches[index].hasSameSession(as: batches[index - 1]) else { continue }
            starts.append(index)
            bytes = batches[index].request.count
        }
        // Mostly it is one, which need not be copied.
        if starts.count == 1 { return batches.isEmpty ? [] : [batches] }
        return zip(starts, starts.dropFirst() + [batches.count]).map { Array(batches[$0..<$1]) }
    }

    /// What waits in the ring, when it is due: all of it, the oldest first, so that the disk is touched seldom.
    private func storeWaiting(_ now: Instant, _ job: inout SpoolJob, _ inHand: inout SpoolState.JobInHand, _ wakeAt: inout Instant?) {
        #if CANARIES
            if Canary.lostTail.isPlanted, isStoringRest { return }
        #endif
        guard let state = spool, let due = waitingDue(now, state) else { return }
        guard now >= due else {
            wakeAt = min(wakeAt ?? due, due)
            return
        }
        // With what the lists take: for very small batches that is as much as these.
        var bytes = 0
        while bytes < Self.jobBytesMax, let oldest = cursor.oldestWaiting() {
            let lane = Int(cursor.link(oldest).pointee.lane)
            guard let (batches, tally) = takeRun(of: lane, room: roomLeft(state, inHand)) else {
                makeRoom(&job, &inHand)
                break
            }
            let run = SpoolRun(key: nil, batches: batches, logs: nil, logCount: Int(tally.logs))
            let runBytes = batches.reduce(0) { $0 + $1.request.count }
            bytes += runBytes + batches.count * MemoryLayout<Batch>.stride
            inHand.runBytes += runBytes
            job.runs.append(run)
            inHand.footprint += run.footprint
            inHand.runs.append((lane, batches, tally))
        }
        // What one job cannot take goes with the next, at once.
        if !inHand.runs.isEmpty, bytes < Self.jobBytesMax { spool?.lastWrite = now }
    }

    /// When what waits is to be stored; nil when nothing waits.
    private func waitingDue(_ now: Instant, _ state: SpoolState) -> Instant? {
        cursor.oldestWaiting().map { storingDue(cursor.header($0).pointee.arrived, state, now) }
    }

    private func waitingIsDue(_ now: Instant, _ state: SpoolState) -> Bool { waitingDue(now, state).map { now >= $0 } ?? false }

    private func storingDue(_ oldestArrived: Instant, _ state: SpoolState, _ now: Instant) -> Instant {
        if isStoringRest { return now }
        switch state.settings.durability {
        case .sync:
            guard let lastWrite = state.lastWrite, waitingBytes < Self.groupBytes else { return now }
            return lastWrite.advanced(by: Self.groupInterval)
        case .spill, .memory:
            return cursor.bytesUsed >= highMark ? now : oldestArrived.advanced(by: state.settings.after)
        }
    }

    /// As many of a lane's first batches as a row and a request may hold, in `room` bytes of the spool; nil when there is none for the first.
    private func takeRun(of lane: Int, room: Int) -> ([Batch], Tally)? {
        var batches: [Batch] = []
        var (bytes, bodyBytes, tally) = (0, 0, Tally())
        while let position = lanes.head(of: lane) {
            let batch = cursor.batch(at: position)
            bytes += batch.request.count
            bodyBytes += reporter.bodyBytes(of: batch)
            guard SpoolRun.footprint(ofBytes: bytes) <= room, 
                batches.isEmpty || bytes <= SpoolRun.bytesMax && bodyBytes <= bytesMax
            else { break }
            if batches.isEmpty {
                lanes.beginRun(of: lane)
                batches.reserveCapacity(32)
            }
            lanes.takeHeadForRun(of: lane)
            batches.append(batch)
            tally += Tally(logs: UInt64(batch.logCount), batches: 1)
            waitingBytes -= batch.request.count
        }
        return batches.isEmpty ? nil : (batches, tally)
    }

    /// Bytes of rows that the spool has room for, besides those of the job that is being made.
    func roomLeft(_ state: SpoolState, _ inHand: SpoolState.JobInHand) -> Int {
        state.settings.bytesMax - state.content.bytes - inHand.footprint
    }

    /// The spool is full: then the overflow policy applies to it as well.
    private func makeRoom(_ job: inout SpoolJob, _ inHand: inout SpoolState.JobInHand) {
        guard let spool, settings.overflow == .dropOldest, !spool.cannotMakeRoom, ledger.spooled != Tally() else { return }
        job.makeRoom = min(Self.jobBytesMax, spool.settings.bytesMax / 4)
        inHand.isMakingRoom = true
    }

    // MARK: Out of the spool

    /// The next deliveries, while those before them are on their way.
    private func load(_ now: Instant, _ job: inout SpoolJob, _ inHand: inout SpoolState.JobInHand, _ wakeAt: inout Instant?) {
        guard !isStoringRest, let spool else { return }
        let written = inHand.runs.reduce(Tally()) { $0 + $1.tally }
        guard ledger.spooled + written != Tally() else { return }
        let loaded = active.lazy.filter { $0.origin == .spool }
        // One request's worth ahead; none while the destination fails, because what is there must wait.
        let loadedBytes = loaded.reduce(0) { $0 + $1.bodyBytes }
        guard loaded.allSatisfy(\.isOnWire), loadedBytes <= bytesMax, loadedBytes == 0 || failuresInARow == 0 else { return }
        // The spool counts request bytes, and JSON lines are longer: what is loaded must not have to be split.
        let requestBytes = Int(Double(bytesMax) / spool.bodyRatio)
        if let lastFlush, !isDraining, !spool.hasMoreInFlush, spool.content.waitingBytes + inHand.runBytes < requestBytes {
            let due = lastFlush.advanced(by: settings.flushInterval)
            guard now >= due else {
                wakeAt = min(wakeAt ?? due, due)
                return
            }
        }
        lastFlush = now
        job.load = SpoolLoad(
            bytesMax: requestBytes, totalBytesMax: requestBytes, mixesSessions: reporter.traits.mixesSessions,
            keys: (0..<Self.loadCountMax).map { _ in makeKey() })
        inHand.isLoading = true
    }
}

extension Batch {
    /// Whether the merge law holds for the two.
    func hasSameSession(as other: Batch) -> Bool {
        bytes(sessionID).hasSameBytes(as: other.bytes(other.sessionID)) && bytes(processName).hasSameBytes(as: other.bytes(other.processName))
    }

    private func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: request[range])
    }
}
