extension Forwarder {
    /// What an outcome led to, for logs and metrics.
    public enum Settlement: Sendable {
        case delivered(logs: Int)
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
            let delivery = active.remove(at: index).delivery
            release(delivery, droppedFor: nil)
            return .delivered(logs: delivery.logCount)

        case .rejected(let reason):
            succeed(active[index])
            let delivery = active.remove(at: index).delivery
            release(delivery, droppedFor: .forwardFailed)
            return .dropped(logs: delivery.logCount, reason: reason)

        case .tooLarge(let reason):
            succeed(active[index])
            let whole = active.remove(at: index)
            guard let (first, second) = halves(of: whole.delivery) else {
                release(whole.delivery, droppedFor: .forwardFailed)
                return .dropped(logs: whole.delivery.logCount, reason: reason)
            }
            learnedBytesMax = min(learnedBytesMax, max(whole.bodyBytes / 2, Self.requestBytesFloor))
            active.insert(contentsOf: [first, second], at: index)
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

    // MARK: The drain

    /// While draining no attempt waits longer than this: there is little time.
    static let drainRetryDelayMax: Duration = .seconds(1)

    /// From now on everything goes out as soon as it can, and a delivery that waits for its next attempt is tried at once.
    public func beginDrain() {
        isDraining = true
        retryNow()
    }

    /// Gives up all that waits or is under way: dropped, `shutdown`. The reporter must not read deliveries any more.
    public func abandon() {
        for entry in active { release(entry.delivery, droppedFor: .shutdown) }
        active = []
        while let position = lanes.popOldest() {
            let header = ring.pointer(position).pointee
            waitingBytes -= Int(header.byteCount)
            ledger.dropWaiting(Tally(logs: UInt64(header.logCount), batches: 1), .shutdown)
            ring.release(position)
        }
    }

    // MARK: Settling

    /// Ends a delivery: its logs are delivered, or dropped for a reason; its batches leave the ring with their last part.
    private func release(_ delivery: Delivery, droppedFor reason: DropReason?) {
        var tally = Tally(logs: UInt64(delivery.logCount))
        let lanesHeld = lanesHeld(by: delivery.batches)
        var lostBatches = Tally()
        for batch in delivery.batches {
            let header = ring.pointer(batch.position)
            if reason != nil { header.pointee.lostPart = true }
            header.pointee.parts -= 1
            guard header.pointee.parts == 0 else { continue }
            if header.pointee.lostPart { lostBatches.batches += 1 } else { tally.batches += 1 }
            ring.release(batch.position)
        }
        if let reason {
            ledger.dropInFlight(tally + lostBatches, reason)
        } else {
            ledger.deliver(tally)
            // The last part arrived, an earlier one had been refused: the batch as a whole did not arrive.
            ledger.dropInFlight(lostBatches, .forwardFailed)
        }
        for lane in lanesHeld { lanes.settle(lane) }
    }

    private func lanesHeld(by batches: [Batch]) -> [Int] {
        var held: [Int] = []
        for batch in batches {
            let lane = Int(ring.pointer(batch.position).pointee.lane)
            if held.last != lane { held.append(lane) }
        }
        return held
    }

    /// Nil when there is nothing to halve: a single log.
    func halves(of delivery: Delivery) -> (Active, Active)? {
        if delivery.batches.count > 1 {
            let middle = delivery.batches.count / 2
            let (first, second) = (Array(delivery.batches[..<middle]), Array(delivery.batches[middle...]))
            if let shared = lanesHeld(by: first).last, shared == lanesHeld(by: second).first { lanes.split(shared) }
            return (half(first, logs: nil), half(second, logs: nil))
        }
        let batch = delivery.batches[0]
        let logs = delivery.logs ?? 0..<batch.logCount
        guard logs.count > 1 else { return nil }
        let middle = logs.lowerBound + logs.count / 2
        ring.pointer(batch.position).pointee.parts += 1
        lanes.split(Int(ring.pointer(batch.position).pointee.lane))
        return (
            half(delivery.batches, logs: logs.lowerBound..<middle), half(delivery.batches, logs: middle..<logs.upperBound)
        )
    }

    private func half(_ batches: [Batch], logs: Range<Int>?) -> Active {
        let bytes = batches.reduce(0) { $0 + reporter.bodyBytes(of: $1) }
        guard let logs else { return makeActive(batches, bodyBytes: bytes, logs: nil, logCount: batches.reduce(0) { $0 + $1.logCount }) }
        // As if the logs of a batch were of one size.
        return makeActive(batches, bodyBytes: bytes / batches[0].logCount * logs.count, logs: logs, logCount: logs.count)
    }
}
