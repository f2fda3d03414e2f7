extension Forwarder {
    /// What an outcome led to, for logs and metrics.
    public enum Settlement: Sendable {
        case delivered(logs: Int)
        /// The others than these arrived, or were filtered out. With none refused, the destination has given a warning.
        case partlyRefused(logs: Int, reason: String)
        /// Stays first in line; the next attempt not before `delay` from now.
        case willRetry(reason: String, attempt: Int, delay: Duration)
        case dropped(logs: Int, reason: String)
        /// The halves go next; requests will not be larger than `bytesMax` from now on.
        case split(bytesMax: Int)
    }

    /// The least that a 413 can bring requests down to, in bytes: one batch of the largest size fits in any case.
    public static let requestBytesFloor = 64 << 10

    /// Ends an attempt at the delivery of that number.
    public func settle(_ number: UInt64, _ outcome: DeliveryOutcome, now: Instant) -> Settlement {
        guard let index = active.firstIndex(where: { $0.delivery.number == number }) else {
            preconditionFailure("delivery \(number) was settled twice")
        }
        switch outcome {
        case .delivered:
            succeed(active[index])
            let entry = active.remove(at: index)
            release(entry, droppedFor: nil)
            return .delivered(logs: entry.delivery.logCount)

        case .partly(let rejected, let filtered, let reason):
            succeed(active[index])
            let entry = active.remove(at: index)
            // A destination may count as it likes.
            let lost = min(max(rejected, 0), entry.delivery.logCount)
            let kept = min(max(filtered, 0), entry.delivery.logCount - lost)
            release(entry, droppedFor: nil, refused: lost, filtered: kept)
            guard lost == 0, reason == nil else { return .partlyRefused(logs: lost, reason: reason ?? "it gives no reason") }
            return .delivered(logs: entry.delivery.logCount - kept)

        case .rejected(let reason):
            succeed(active[index])
            let entry = active.remove(at: index)
            release(entry, droppedFor: .forwardFailed)
            return .dropped(logs: entry.delivery.logCount, reason: reason)

        case .tooLarge(let reason):
            succeed(active[index])
            guard active[index].delivery.logCount > 1 else {
                let entry = active.remove(at: index)
                release(entry, droppedFor: .forwardFailed)
                return .dropped(logs: entry.delivery.logCount, reason: reason)
            }
            learnedBytesMax = min(learnedBytesMax, max(active[index].bodyBytes / 2, Self.requestBytesFloor))
            active[index].isOnWire = false
            active[index].mustBeSplit = true
            splitIfDue(index)
            return .split(bytesMax: learnedBytesMax)

        case .transient(let reason, let retryAfter):
            active[index].isOnWire = false
            // Several that were under way together fail as one.
            if active[index].failuresBefore == failures { failuresInARow += 1 }
            failures += 1
            failingSince = failingSince ?? now
            var delay = retryPolicy.delay(failures: failuresInARow, retryAfter: retryAfter, using: &random)
            if isDraining { delay = min(delay, Self.drainRetryDelayMax) }
            // Several deliveries may fail together; the last to fail does not shorten the wait.
            retryAt = max(retryAt ?? now, now.advanced(by: delay))
            if let logs = giveUp(index, now) { return .dropped(logs: logs, reason: "given up, as old as --give-up-after: \(reason)") }
            return .willRetry(reason: reason, attempt: active[index].delivery.attempt, delay: delay)
        }
    }

    /// The destination answered: it is up, unless another attempt has failed since this one began.
    private func succeed(_ entry: Active) {
        guard entry.failuresBefore == failures else { return }
        failuresInARow = 0
        failingSince = nil
        retryAt = nil
    }

    /// The destination is known to be there again: what waits for its next attempt is tried at once, one delivery as a probe.
    public func retryNow() { retryAt = nil }

    /// Drops what has become too old to be tried again, after the delivery at `index` has failed: the number of logs; nil when that delivery stays.
    private func giveUp(_ index: Int, _ now: Instant) -> Int? {
        guard let giveUpAfter = settings.giveUpAfter else { return nil }
        // The older part of the spool follows with the next job.
        spool?.looksForExpired = true
        guard let givesUpAt = active[index].givesUpAt, now >= givesUpAt else { return nil }
        let entry = active.remove(at: index)
        release(entry, droppedFor: .forwardFailed)
        var logs = entry.delivery.logCount
        while let oldest = cursor.oldestWaiting(), now >= cursor.header(oldest).pointee.arrived.advanced(by: giveUpAfter) {
            logs += dropOldest(.forwardFailed) ?? 0
        }
        return logs
    }

    // MARK: The drain

    /// While draining no attempt waits longer than this: there is little time.
    static let drainRetryDelayMax: Duration = .seconds(1)

    /// From now on everything goes out as soon as it can, and a delivery that waits for its next attempt is tried at once.
    public func beginDrain() {
        isDraining = true
        retryNow()
    }

    /// Gives up all that waits or is under way: it stays in the spool, or is dropped, `shutdown`. The reporter must not read deliveries any more,
    /// and no job may be under way.
    public func abandon() {
        for entry in active {
            if case .nothing = entry.disk { release(entry, droppedFor: .shutdown) } else { leaveInSpool(entry) }
        }
        active = []
        while dropOldest(.shutdown) != nil {}
    }

    // MARK: Settling

    /// Ends a delivery: its logs are delivered, or dropped for a reason; its batches leave the ring with their last part.
    private func release(_ entry: Active, droppedFor reason: DropReason?, refused: Int = 0, filtered: Int = 0) {
        var (whole, lost) = releaseBatches(of: entry, lost: reason != nil)
        whole.logs = UInt64(entry.delivery.logCount - refused - filtered)
        // The batch as such arrived.
        ledger.dropInFlight(Tally(logs: UInt64(refused)), .forwardFailed)
        ledger.dropInFlight(Tally(logs: UInt64(filtered)), .filtered)
        if let reason {
            ledger.dropInFlight(whole + lost, reason)
        } else {
            ledger.deliver(whole)
            // The last part arrived, an earlier one had been refused: the batch as a whole did not arrive.
            ledger.dropInFlight(lost, .forwardFailed)
        }
        if !entry.isBeingStored { forget(entry.disk) }
    }

    private func leaveInSpool(_ entry: Active) {
        var (whole, lost) = releaseBatches(of: entry, lost: false)
        whole.logs = UInt64(entry.delivery.logCount)
        ledger.spoolInFlight(whole)
        ledger.dropInFlight(lost, .forwardFailed)
    }

    /// Batches of which this was the last part: those that arrived whole, and those of which a part was lost.
    private func releaseBatches(of entry: Active, lost: Bool) -> (whole: Tally, lost: Tally) {
        let cursor = cursor(of: entry)
        let lanesHeld = lanesHeld(by: entry)
        var (whole, lostBatches) = (Tally(), Tally())
        for batch in entry.delivery.batches {
            let link = cursor.link(batch.position)
            if lost { link.pointee.flags.insert(.lostPart) }
            link.pointee.parts -= 1
            guard link.pointee.parts == 0 else { continue }
            if link.pointee.flags.contains(.lostPart) { lostBatches.batches += 1 } else { whole.batches += 1 }
            cursor.release(batch.position)
        }
        for lane in lanesHeld { lanes.settle(lane) }
        return (whole, lostBatches)
    }

    func cursor(of entry: Active) -> RingCursor { entry.origin == .ring ? cursor : loaded }

    /// In order, none twice in a row; what comes from the spool is in no lane.
    private func lanesHeld(by entry: Active) -> [Int] {
        guard entry.origin == .ring else { return [] }
        var held: [Int] = []
        for batch in entry.delivery.batches {
            let lane = Int(cursor.link(batch.position).pointee.lane)
            if held.last != lane { held.append(lane) }
        }
        return held
    }

    // MARK: Splitting

    /// Halves a delivery that was too large, or is before it was tried; not while a job stores it, so that what the spool has of it is known.
    @discardableResult func splitIfDue(_ index: Int) -> Bool {
        let entry = active[index]
        guard needsSplit(entry), !entry.isBeingStored, let (first, second) = halves(of: entry) else { return false }
        active.replaceSubrange(index...index, with: [first, second])
        return true
    }

    func needsSplit(_ entry: Active) -> Bool {
        if entry.mustBeSplit { return true }
        let bytesMax = entry.mayHaveArrived ? bytesMaxAtFirst : bytesMax
        guard entry.bodyBytes > bytesMax, entry.delivery.attempt == 0, entry.delivery.logCount > 1 else { return false }
        return entry.delivery.batches.count == 1 || entry.origin == .spool
    }

    /// Nil when there is nothing to halve: a single log.
    private func halves(of entry: Active) -> (Active, Active)? {
        let delivery = entry.delivery
        let (first, second): ([Batch], [Batch])
        let logs: (first: Range<Int>, second: Range<Int>)?
        if delivery.batches.count > 1 {
            let middle = delivery.batches.count / 2
            (first, second) = (Array(delivery.batches[..<middle]), Array(delivery.batches[middle...]))
            logs = nil
        } else {
            let batch = delivery.batches[0]
            let all = delivery.logs ?? 0..<batch.logCount
            guard all.count > 1 else { return nil }
            let middle = all.lowerBound + all.count / 2
            (first, second) = (delivery.batches, delivery.batches)
            logs = (all.lowerBound..<middle, middle..<all.upperBound)
            cursor(of: entry).link(batch.position).pointee.parts += 1
        }
        var halves = (half(of: entry, first, logs: logs?.first), half(of: entry, second, logs: logs?.second))
        if let shared = lanesHeld(by: halves.0).last, shared == lanesHeld(by: halves.1).first { lanes.split(shared) }
        halves.1.logsBefore += halves.0.delivery.logCount
        switch entry.disk {
        case .nothing: break
        case .whole(let claim), .part(let claim):
            claim.parts += 1
            halves.0.disk = .part(claim)
            halves.1.disk = .part(claim)
        }
        return halves
    }

    private func half(of entry: Active, _ batches: [Batch], logs: Range<Int>?) -> Active {
        let bytes = batches.reduce(0) { $0 + reporter.bodyBytes(of: $1) }
        // As if the logs of a batch were of one size.
        var half = makeActive(
            batches, bodyBytes: logs.map { bytes / batches[0].logCount * $0.count } ?? bytes, logs: logs,
            logCount: logs?.count ?? batches.reduce(0) { $0 + $1.logCount }, origin: entry.origin)
        // A row of the spool has one age; what lies in the ring has its own.
        if entry.origin == .spool { half.givesUpAt = entry.givesUpAt }
        half.sessionHash = entry.sessionHash
        half.logsBefore = entry.logsBefore
        return half
    }
}
