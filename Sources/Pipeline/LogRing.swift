import Wire

/// Where batches lie between their receipt and their settlement: a bounded queue of fixed-size segments.
///
/// - A batch is written once and never moves; pointers to its bytes stay valid until it is released.
/// - Memory follows what waits: a segment is allocated when needed and given back as soon as nothing in it lives, wherever
///   in the queue it stands, but for a few that are kept for the next. An empty ring writes its one segment from the start again, so that a light load touches few pages.
/// - The bound is on memory held (segments, and what the lanes cost), not on the sum of the batches in it.
///
/// Confined to one thread. Full is an answer, not an error.
public final class LogRing {
    struct Segment {
        var base: UnsafeMutableRawPointer
        var used: Int
        /// No record before this offset waits.
        var passed = 0
        /// Records in it that are not free.
        var live: Int
        /// Counts segments in the order in which they were opened.
        var ordinal: UInt64
        /// The segment opened after this one, -1 for the newest.
        var nextSlot: Int
        var previousSlot: Int
    }

    /// Bytes of one segment: a 64th of the ring, between 64 and 256 KiB.
    public let segmentBytes: Int
    /// The bound, in bytes, at least 1 MiB. It may be moved at any time: what is there stays, and above a lower bound nothing is added. The size of segments
    /// is that of the first bound.
    @exclusivity(unchecked) public var bytesMax: Int {
        didSet { precondition(bytesMax >= 1 << 20, "a ring of less than 1 MiB") }
    }

    /// Bytes that the lanes take besides (see LaneQueue); they count against the bound.
    @exclusivity(unchecked) var laneBytes = 0
    /// A ring whose memory counts against this one's bound too, but for three quarters that are this one's own in any case.
    @exclusivity(unchecked) var sharer: LogRing?

    @exclusivity(unchecked) private(set) var segments: [Segment] = []
    private var freeSlots: [Int] = []
    /// Memory of segments that were emptied, for the next: a delivery's end empties several at once, and to give each back to the kernel and take it
    /// again costs more than the copying. `trim` gives it back.
    private var spares: [UnsafeMutableRawPointer] = []
    private static let sparesMax = 8
    @exclusivity(unchecked) private(set) var oldestSlot = -1
    @exclusivity(unchecked) private(set) var newestSlot = -1
    /// In no segment before this one does a batch wait; -1 for the oldest.
    @exclusivity(unchecked) private var searchSlot = -1
    @exclusivity(unchecked) private var nextOrdinal: UInt64 = 0
    @exclusivity(unchecked) private(set) var segmentCount = 0
    /// Batches that are not free.
    @exclusivity(unchecked) public private(set) var batchCount = 0

    /// `bytesMax`: at least 1 MiB.
    public init(bytesMax: Int) {
        precondition(bytesMax >= 1 << 20, "a ring of less than 1 MiB")
        self.bytesMax = bytesMax
        segmentBytes = min(max((bytesMax / 64) & ~4095, 64 << 10), 256 << 10)
    }

    deinit {
        var slot = oldestSlot
        while slot >= 0 {
            segments[slot].base.deallocate()
            slot = segments[slot].nextSlot
        }
        trim()
    }

    /// Bytes in use, of `bytesMax`.
    public var bytesUsed: Int {
        guard newestSlot >= 0, batchCount > 0 else { return 0 }
        return (segmentCount - 1) * segmentBytes + segments[newestSlot].used + laneBytes
    }

    private var bytesHeld: Int { (segmentCount + spares.count) * segmentBytes }

    public var isEmpty: Bool { batchCount == 0 }

    // MARK: Writing

    /// Room for a batch of `byteCount` bytes (at most 32768), or nil when the ring is full. `commit` must follow at once.
    func reserve(_ byteCount: Int) -> UnsafeMutableRawBufferPointer? {
        let footprint = RecordHeader.footprint(ofBytes: byteCount)
        assert(footprint <= segmentBytes)
        if newestSlot < 0 || segments[newestSlot].used + footprint > segmentBytes {
            guard openSegment() else { return nil }
        }
        let start = segments[newestSlot].base + segments[newestSlot].used + RecordHeader.byteCount
        return UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    }

    /// Makes the bytes just reserved a waiting batch.
    func commit(_ request: ScannedRequest, arrived: Instant) -> RingPosition {
        let slot = newestSlot
        let position = RingPosition(slot: slot, offset: segments[slot].used)
        pointer(position).initialize(
            to: RecordHeader(
                next: .none, arrived: arrived,
                byteCount: UInt32(request.byteCount), logCount: UInt32(request.logCount),
                sessionOffset: UInt16(request.sessionID.lowerBound), sessionCount: UInt16(request.sessionID.count),
                processOffset: UInt16(request.processName.lowerBound), processCount: UInt16(request.processName.count),
                lane: 0, parts: 0, state: .waiting, flags: []))
        segments[slot].used += RecordHeader.footprint(ofBytes: request.byteCount)
        segments[slot].live += 1
        batchCount += 1
        return position
    }

    private func openSegment() -> Bool {
        guard (segmentCount + 1) * segmentBytes + laneBytes + min(sharer?.bytesHeld ?? 0, bytesMax / 4) <= bytesMax else { return false }
        let base = spares.popLast() ?? .allocate(byteCount: segmentBytes, alignment: 16)
        let segment = Segment(
            base: base, used: 0, live: 0, ordinal: nextOrdinal, nextSlot: -1, previousSlot: newestSlot)
        nextOrdinal += 1
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            segments[slot] = segment
        } else {
            slot = segments.count
            segments.append(segment)
        }
        let sealed = newestSlot
        if sealed >= 0 { segments[sealed].nextSlot = slot } else { oldestSlot = slot }
        newestSlot = slot
        segmentCount += 1
        return true
    }

    // MARK: Reading

    @inline(__always) func pointer(_ position: RingPosition) -> UnsafeMutablePointer<RecordHeader> {
        (segments[position.slot].base + position.offset).assumingMemoryBound(to: RecordHeader.self)
    }

    @inline(__always) func requestBytes(_ position: RingPosition) -> UnsafeRawBufferPointer {
        let header = pointer(position)
        return UnsafeRawBufferPointer(
            start: UnsafeRawPointer(header) + RecordHeader.byteCount, count: Int(header.pointee.byteCount))
    }

    func ordinal(of position: RingPosition) -> UInt64 { segments[position.slot].ordinal }

    var oldestOrdinal: UInt64 { oldestSlot < 0 ? nextOrdinal : segments[oldestSlot].ordinal }

    func batch(at position: RingPosition) -> Batch {
        let header = pointer(position).pointee
        let session = Int(header.sessionOffset)..<Int(header.sessionOffset) + Int(header.sessionCount)
        let process = Int(header.processOffset)..<Int(header.processOffset) + Int(header.processCount)
        return Batch(
            request: requestBytes(position), logCount: Int(header.logCount), sessionID: session, processName: process,
            arrived: header.arrived, position: position)
    }

    /// The batch that has waited longest, of all lanes; nil when none waits.
    func oldestWaiting() -> RingPosition? {
        var slot = searchSlot >= 0 ? searchSlot : oldestSlot
        while slot >= 0 {
            searchSlot = slot
            // Only `searchAgain` brings records back to waiting, so that what was passed once need not be looked at again.
            while segments[slot].passed < segments[slot].used {
                let position = RingPosition(slot: slot, offset: segments[slot].passed)
                let header = pointer(position)
                if header.pointee.state == .waiting { return position }
                segments[slot].passed += RecordHeader.footprint(ofBytes: Int(header.pointee.byteCount))
            }
            slot = segments[slot].nextSlot
        }
        return nil
    }

    /// After records have gone back to waiting.
    func searchAgain() {
        searchSlot = -1
        var slot = oldestSlot
        while slot >= 0 {
            segments[slot].passed = 0
            slot = segments[slot].nextSlot
        }
    }

    // MARK: Releasing

    /// From now to `unpin` its bytes stay where they are, even if it is released: the spool reads them on another thread.
    /// False when it was pinned already.
    func pin(_ position: RingPosition) -> Bool {
        pointer(position).pointee.flags.insert(.pinned).inserted
    }

    func unpin(_ position: RingPosition) {
        let header = pointer(position)
        header.pointee.flags.remove(.pinned)
        if header.pointee.state == .ending { free(position) }
    }

    /// Ends a batch's life. Its bytes must not be read any more, but for a job that has it pinned.
    func release(_ position: RingPosition) {
        let header = pointer(position)
        precondition(header.pointee.state == .waiting || header.pointee.state == .held, "a batch was released twice")
        if header.pointee.flags.contains(.pinned) { header.pointee.state = .ending } else { free(position) }
    }

    private func free(_ position: RingPosition) {
        pointer(position).pointee.state = .free
        batchCount -= 1
        let slot = position.slot
        segments[slot].live -= 1
        #if CANARIES
            if Canary.doubleRelease.isPlanted, segments[slot].live > 0 { segments[slot].live -= 1 }
        #endif
        guard segments[slot].live == 0 else { return }
        if slot == newestSlot {
            segments[slot].used = 0
            segments[slot].passed = 0
        } else {
            closeSegment(slot)
        }
    }

    /// Empty, and it keeps memory that `trim` would give back.
    var isTrimmable: Bool { batchCount == 0 && !spares.isEmpty }

    /// Gives memory back that nothing lies in, but for the one segment of an empty ring.
    func trim() {
        for spare in spares { spare.deallocate() }
        spares.removeAll(keepingCapacity: true)
    }

    private func closeSegment(_ slot: Int) {
        let segment = segments[slot]
        if segment.previousSlot >= 0 {
            segments[segment.previousSlot].nextSlot = segment.nextSlot
        } else {
            oldestSlot = segment.nextSlot
        }
        segments[segment.nextSlot].previousSlot = segment.previousSlot
        if spares.count < Self.sparesMax { spares.append(segment.base) } else { segment.base.deallocate() }
        if searchSlot == slot { searchSlot = segment.nextSlot }
        freeSlots.append(slot)
        segmentCount -= 1
    }
}
