import Wire

/// Hands each batch that comes in to all destinations: it lies in the ring once, for the cursor of each.
///
/// One that has no room for it drops it for itself alone, by the overflow policy, and its ledger has that. With `block` all wait for a destination that has no
/// room as long as it makes headway; one that fails, and cannot put what waits into its spool, is waited for only when no other does better.
///
/// Confined to one thread.
public struct FanOut {
    public let ring: LogRing
    /// In the order of the ring's cursors.
    public let forwarders: [Forwarder]

    /// What became of a batch that was read.
    public enum Admission: Sendable {
        /// It waits, for all.
        case taken
        /// It waits for `takers`. `droppers` had no room, and have dropped it, or what had waited longest (`--overflow drop-oldest`): counted as dropped, `buffer_full`.
        case takenDropping(droppers: CursorSet, takers: CursorSet)
        /// Not taken and not counted: offer it again when there is room (`--overflow block`).
        case noRoom
    }

    /// `forwarders`: those of all cursors of one ring, at least one.
    public init(_ forwarders: [Forwarder]) {
        ring = forwarders[0].ring
        self.forwarders = forwarders
        precondition(
            forwarders.count == ring.cursorCount && forwarders.indices.allSatisfy { forwarders[$0].ring === ring && forwarders[$0].cursor.index == $0 },
            "each cursor of a ring has one forwarder")
    }

    /// What the destinations have received: the same for all of them.
    public var received: Tally { forwarders[0].ledger.received }

    /// The same for all of them.
    public var overflow: OverflowPolicy { forwarders[0].settings.overflow }

    /// As `Forwarder.flushDue`: the first to come, of those that deliver.
    public var flushDue: Instant? {
        var due: Instant?
        for forwarder in forwarders where forwarder.failuresInARow == 0 {
            guard let next = forwarder.flushDue else { return nil }
            due = min(due ?? next, next)
        }
        return due
    }

    /// Nothing waits and nothing is under way, for any of them.
    public var isEmpty: Bool { forwarders.allSatisfy(\.isEmpty) }

    // MARK: Arrivals

    /// Takes the batch that `scan` found in `payload`, or says why not.
    public func admit(_ request: ScannedRequest, of payload: RawSpan, arrived: Instant, hint: inout LaneHint) -> Admission {
        let tally = Tally(logs: UInt64(request.logCount), batches: 1)
        if forwarders.count == 1 || forwarders.allSatisfy(\.cursor.mayTake), let room = ring.reserve(request.byteCount) {
            lay(request, of: payload, arrived, in: room, for: .all(forwarders.count), tally, &hint)
            return .taken
        }
        guard let (takers, droppers) = makeRoom(request.byteCount) else { return .noRoom }
        if takers.isEmpty {
            refuse(logs: request.logCount, .bufferFull)
        } else if let room = ring.reserve(request.byteCount) {
            lay(request, of: payload, arrived, in: room, for: takers, tally, &hint)
        } else {
            preconditionFailure("the ring has room, and has none")
        }
        return .takenDropping(droppers: droppers, takers: takers)
    }

    @inline(__always) private func lay(
        _ request: ScannedRequest, of payload: RawSpan, _ arrived: Instant, in room: UnsafeMutableRawBufferPointer, for takers: CursorSet, _ tally: Tally,
        _ hint: inout LaneHint
    ) {
        BoundaryScan.copyRequest(request, of: payload, to: room)
        let position = ring.commit(request, arrived: arrived, for: takers)
        for index in forwarders.indices {
            if takers.contains(index) {
                forwarders[index].take(position, byteCount: request.byteCount, tally, hint: &hint)
            } else {
                forwarders[index].refuse(tally, .bufferFull)
            }
        }
    }

    /// Counts a batch that the driver does not offer: received, and dropped.
    public func refuse(logs: Int, _ reason: DropReason) {
        for forwarder in forwarders { forwarder.refuse(Tally(logs: UInt64(logs), batches: 1), reason) }
    }

    // MARK: Without room

    /// Who takes a batch for which there is not room for all, after the overflow policy was applied to those who have none. nil: nobody yet, it is to be offered again.
    private func makeRoom(_ byteCount: Int) -> (takers: CursorSet, droppers: CursorSet)? {
        var without = withoutRoom(byteCount)
        var droppers = CursorSet.none
        switch overflow {
        case .dropNewest: break
        case .block:
            for index in forwarders.indices where without.contains(index) && isWaitedFor(forwarders[index]) { return nil }
        case .dropOldest:
            while !without.isEmpty, dropOldest(of: without, &droppers) { without = withoutRoom(byteCount) }
        }
        droppers.formUnion(without)
        return (CursorSet.all(forwarders.count).subtracting(without), droppers)
    }

    private func withoutRoom(_ byteCount: Int) -> CursorSet {
        guard ring.hasRoom(byteCount) else { return .all(forwarders.count) }
        var without = CursorSet.none
        for index in forwarders.indices where !forwarders[index].cursor.mayTake { without.insert(index) }
        return without
    }

    /// Drops the batch that has waited longest of all that wait for one of `crowded`, for each of those for which it is the first. False when nothing waits.
    private func dropOldest(of crowded: CursorSet, _ droppers: inout CursorSet) -> Bool {
        // With one its first is the oldest of all: not to look for it twice more saves a seventh of what a batch costs.
        if forwarders.count == 1 {
            droppers.insert(0)
            return forwarders[0].dropOldest(.bufferFull) != nil
        }
        var oldest: RingPosition?
        for index in forwarders.indices where crowded.contains(index) {
            guard let position = forwarders[index].cursor.oldestWaiting() else { continue }
            if oldest.map({ ring.isOlder(position, than: $0) }) ?? true { oldest = position }
        }
        guard let oldest else { return false }
        for index in forwarders.indices where crowded.contains(index) && forwarders[index].cursor.oldestWaiting() == oldest {
            _ = forwarders[index].dropOldest(.bufferFull)
            droppers.insert(index)
        }
        return true
    }

    // MARK: Reading, with `--overflow block`

    /// Reading is to stop: for one that is waited for much of the ring is in use.
    public func isToStopReading(_ now: Instant) -> Bool {
        forwarders.contains { isWaitedFor($0) && $0.ringBytesUsed > $0.readingMarks(now).stop }
    }

    /// Reading that stands still is to go on.
    public func isToGoOnReading(_ now: Instant) -> Bool {
        forwarders.allSatisfy { !isWaitedFor($0) || $0.ringBytesUsed <= $0.readingMarks(now).goOn }
    }

    private func isWaitedFor(_ forwarder: Forwarder) -> Bool {
        forwarder.isMakingHeadway || !forwarders.contains(where: \.isMakingHeadway)
    }
}
