/// `sync`, while the destination keeps up: what waits in the ring is formed into deliveries, which are stored under their keys, and sent from where they lie as soon as
/// that is committed. So what is written is not read again.
///
/// It is done while nothing is in the spool that would have to go before, and while the ring is not too full: what lies there until it is delivered is memory
/// that what comes cannot have. Else what waits becomes rows, and all goes through the spool until that is empty.
///
/// With `--overflow block` clients that send faster than the destination takes are made to wait before that, as long as what they sent goes out promptly: that is dear, and
/// while they flood it does not end.
extension Forwarder {
    /// Least bytes of a delivery, on average: less waits as rows for the flush, which makes larger ones of them.
    private static let directBytesMin = 32 << 10

    /// The ring may be filled so far by what is under way and what waits.
    private var directMark: Int { cursor.bytesMax / 8 * 3 }

    /// What is older has waited too long for clients to be made to wait for it.
    private static let promptMax: Duration = .seconds(1)

    /// With `--overflow block`: reading stops when more than `stop` bytes of the ring are in use, and goes on when no more than `goOn` are.
    public func readingMarks(_ now: Instant) -> (stop: Int, goOn: Int) {
        let isPrompt = isOpeningSpool || promptUntil.map { now < $0 } == true
        return isPrompt ? (cursor.bytesMax / 4, cursor.bytesMax / 8) : (cursor.bytesMax / 8 * 7, cursor.bytesMax / 2)
    }

    /// What comes before it is known whether the spool works is to go directly, too: so much that it cannot would come within milliseconds.
    private var isOpeningSpool: Bool {
        guard let spool, spool.settings.durability == .sync else { return false }
        return !spool.hasOpened && spool.failingSince == nil
    }

    /// All that is under way goes out directly, and no longer than until then without being late; nil when it does not.
    private var promptUntil: Instant? {
        guard let spool, spool.settings.durability == .sync, spool.job?.runs.isEmpty != false, let oldest = active.first?.oldest,
            spool.isUsable, failuresInARow == 0, ledger.spooled == Tally(), active.allSatisfy({ $0.isStored || $0.isBeingStored })
        else { return nil }
        return oldest.advanced(by: Self.promptMax)
    }

    /// When reading that stands still because of it is to go on, unless something happens before.
    func wakeForReading(_ now: Instant, _ wakeAt: inout Instant?) {
        guard settings.overflow == .block, cursor.bytesUsed > cursor.bytesMax / 8, let promptUntil, now < promptUntil else { return }
        wakeAt = min(wakeAt ?? promptUntil, promptUntil)
    }

    /// Forms deliveries of what waits, the oldest first, to be stored by the job that is being made. False when it is better stored as rows.
    func formDeliveries(_ now: Instant, _ state: SpoolState) -> Bool {
        guard state.settings.durability == .sync, !isStoringRest, mayGoDirectly(state), cursor.bytesUsed < directMark, isWorthSending(now) else { return false }
        // More than they can take: none of them may find no room.
        let room = waitingBytes * 2 + lanes.laneCount * (SpoolRun.pageBytes + SpoolRun.overheadBytes)
        guard roomLeft(state, SpoolState.JobInHand()) >= room else { return false }
        let mixesSessions = reporter.traits.mixesSessions
        var bytes = 0
        while bytes < Self.jobBytesMax, cursor.oldestWaiting() != nil {
            var filling = Filling(bytesMax: bytesMax, ordinalMax: .max)
            while let oldest = cursor.oldestWaiting() {
                guard takeAll(of: Int(cursor.link(oldest).pointee.lane), into: &filling), mixesSessions else { break }
            }
            var entry = start(filling)
            if !mixesSessions { entry.sessionHash = filling.batches[0].sessionHash }
            bytes += filling.batches.reduce(0) { $0 + $1.request.count }
            active.append(entry)
        }
        lastFlush = now
        // What one job cannot take goes with the next, at once.
        if cursor.oldestWaiting() == nil { spool?.lastWrite = now }
        return true
    }

    /// Nothing older is in the spool but what is on its way, and the destination works.
    private func mayGoDirectly(_ state: SpoolState) -> Bool {
        state.isUsable && failuresInARow == 0 && ledger.spooled == Tally() && active.allSatisfy(\.isStored)
    }

    private func isWorthSending(_ now: Instant) -> Bool {
        guard let lastFlush, !isDraining, now < lastFlush.advanced(by: settings.flushInterval) else { return true }
        return waitingBytes >= bytesMax / 4 && (reporter.traits.mixesSessions || waitingBytes >= lanes.laneCount * Self.directBytesMin)
    }

    /// With `sync` nothing is sent that a crash could take.
    func isWaitingForCommit(_ entry: Active) -> Bool {
        #if CANARIES
            if Canary.sendBeforeCommit.isPlanted { return false }
        #endif
        guard entry.isBeingStored, entry.delivery.attempt == 0, let spool else { return false }
        return spool.settings.durability == .sync && spool.isUsable
    }
}
