/// How one destination sees the ring: what waits for it, what it holds, and how much of the memory is its own.
///
/// Several destinations share the ring, so that one that takes nothing could fill it. It must not hold up the others: when three quarters of what the ring has for
/// them are in use, a destination that holds more than its *share* of the last quarter gets nothing more until it holds less. The others find room there.
struct RingCursor {
    let ring: LogRing
    let index: Int

    init(_ ring: LogRing, _ index: Int = 0) {
        precondition((0..<ring.cursorCount).contains(index), "a ring of \(ring.cursorCount) cursors has none with the number \(index)")
        self.ring = ring
        self.index = index
    }

    // MARK: Memory

    /// Bytes that it keeps in use: segments that hold something of its own.
    var bytesUsed: Int {
        let view = ring.views[index]
        guard view.segmentCount > 0 else { return 0 }
        let newest = ring.newestSlot
        let isInNewest = ring.marks[newest &* ring.cursorCount &+ index].live > 0
        return (isInNewest ? (view.segmentCount - 1) * ring.segmentBytes + ring.segments[newest].used : view.segmentCount * ring.segmentBytes) + view.laneBytes
    }

    /// Bytes that it may keep in use now.
    var bytesMax: Int {
        guard ring.cursorCount > 1, ring.bytesUsed > ring.ownBytesMax / 4 * 3 else { return ring.bytesMax }
        return shareBytes
    }

    /// Bytes that it may keep in use whatever others do.
    var shareBytes: Int { ring.cursorCount == 1 ? ring.bytesMax : ring.ownBytesMax / 4 / (ring.cursorCount - 1) }

    /// It may take what comes, if the ring has room for it at all.
    var mayTake: Bool { ring.cursorCount == 1 || bytesUsed <= bytesMax }

    func addLaneBytes(_ bytes: Int) { ring.addLaneBytes(bytes, index) }

    // MARK: Reading

    @inline(__always) func header(_ position: RingPosition) -> UnsafeMutablePointer<RecordHeader> { ring.pointer(position) }

    @inline(__always) func link(_ position: RingPosition) -> UnsafeMutablePointer<RecordLink> { ring.link(position, index) }

    func ordinal(of position: RingPosition) -> UInt64 { ring.segments[position.slot].ordinal }

    /// Of the oldest segment that it keeps in use.
    var oldestOrdinal: UInt64 {
        var slot = ring.oldestSlot
        while slot >= 0, ring.marks[slot &* ring.cursorCount &+ index].live == 0, ring.segments[slot].nextSlot >= 0 { slot = ring.segments[slot].nextSlot }
        return slot < 0 ? 0 : ring.segments[slot].ordinal
    }

    func batch(at position: RingPosition) -> Batch {
        let header = ring.pointer(position).pointee
        let session = Int(header.sessionOffset)..<Int(header.sessionOffset) + Int(header.sessionCount)
        let process = Int(header.processOffset)..<Int(header.processOffset) + Int(header.processCount)
        return Batch(
            request: ring.requestBytes(position), logCount: Int(header.logCount), sessionID: session, processName: process,
            arrived: header.arrived, position: position)
    }

    /// The batch that has waited longest, of all lanes; nil when none waits.
    func oldestWaiting() -> RingPosition? {
        var slot = ring.views[index].searchSlot >= 0 ? ring.views[index].searchSlot : ring.oldestSlot
        while slot >= 0 {
            ring.views[index].searchSlot = slot
            let mark = slot &* ring.cursorCount &+ index
            // Only `searchAgain` brings records back to waiting, so that what was passed once need not be looked at again.
            while ring.marks[mark].passed < ring.segments[slot].used {
                let position = RingPosition(slot: slot, offset: Int(ring.marks[mark].passed))
                if link(position).pointee.state == .waiting { return position }
                ring.marks[mark].passed += UInt32(ring.footprint(ofBytes: Int(header(position).pointee.byteCount)))
            }
            slot = ring.segments[slot].nextSlot
        }
        return nil
    }

    /// After records have gone back to waiting.
    func searchAgain() {
        ring.views[index].searchSlot = -1
        var slot = ring.oldestSlot
        while slot >= 0 {
            ring.marks[slot &* ring.cursorCount &+ index].passed = 0
            slot = ring.segments[slot].nextSlot
        }
    }

    // MARK: Releasing

    /// From now to `unpin` its bytes stay where they are, even if it is released: the spool reads them on another thread.
    /// False when it was pinned already.
    func pin(_ position: RingPosition) -> Bool {
        link(position).pointee.flags.insert(.pinned).inserted
    }

    func unpin(_ position: RingPosition) {
        let link = link(position)
        link.pointee.flags.remove(.pinned)
        if link.pointee.state == .ending { ring.free(position, index) }
    }

    /// Ends a batch's life for this destination. Its bytes must not be read any more, but for a job that has it pinned.
    func release(_ position: RingPosition) {
        let link = link(position)
        precondition(link.pointee.state == .waiting || link.pointee.state == .held, "a batch was released twice")
        if link.pointee.flags.contains(.pinned) { link.pointee.state = .ending } else { ring.free(position, index) }
    }
}
