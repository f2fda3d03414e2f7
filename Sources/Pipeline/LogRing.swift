import Wire

/// Where batches lie between their receipt and their settlement: a bounded queue of fixed-size segments, read by one *cursor* for each destination.
///
/// - A batch is written once and never moves; pointers to its bytes stay valid until the last destination that took it has released it.
/// - Memory follows what waits: a segment is allocated when needed and given back as soon as nothing in it lives, wherever
///   in the queue it stands, but for a few that are kept for the next. An empty ring writes its one segment from the start again, so that a light load touches few pages.
/// - The bound is on memory held (segments, and what the lanes cost), not on the sum of the batches in it.
///
/// Confined to one thread. Full is an answer, not an error.
public final class LogRing {
    struct Segment {
        var base: UnsafeMutableRawPointer
        var used: Int
        /// Records in it that are not free.
        var live: Int
        /// Counts segments in the order in which they were opened.
        var ordinal: UInt64
        /// The segment opened after this one, -1 for the newest.
        var nextSlot: Int
        var previousSlot: Int
    }

    /// What a segment is to one cursor.
    struct Mark {
        /// No record before this offset waits.
        var passed: UInt32 = 0
        /// Records in it that are not free.
        var live: UInt32 = 0
    }

    /// What the ring knows of one cursor.
    struct View {
        /// Segments with a record that is not free.
        var segmentCount = 0
        /// Bytes that its lanes take (see LaneQueue).
        var laneBytes = 0
        /// In no segment before this one does a batch wait; -1 for the oldest.
        var searchSlot = -1
    }

    /// Destinations that read it, at most `cursorsMax`.
    public let cursorCount: Int
    public static let cursorsMax = 6
    /// Bytes in front of a batch's.
    let headerBytes: Int

    /// Bytes of one segment: a 64th of the ring, between 64 and 256 KiB.
    public let segmentBytes: Int
    /// The bound, in bytes, at least 1 MiB. It may be moved at any time: what is there stays, and above a lower bound nothing is added. The size of segments
    /// is that of the first bound.
    @exclusivity(unchecked) public var bytesMax: Int {
        didSet { precondition(bytesMax >= 1 << 20, "a ring of less than 1 MiB") }
    }

    /// Bytes that the lanes of all cursors take besides; they count against the bound.
    @exclusivity(unchecked) private var laneBytes = 0
    /// Rings whose memory counts against this one's bound too, but for three quarters that are this one's own in any case.
    @exclusivity(unchecked) var sharers: [LogRing] = []
    /// What this ring, a sharer of another's bound, may come to hold: the other leaves room for it before it is there.
    @exclusivity(unchecked) var promisedBytes = 0

    @exclusivity(unchecked) private(set) var segments: [Segment] = []
    /// Of each segment, one for each cursor.
    @exclusivity(unchecked) var marks: [Mark] = []
    @exclusivity(unchecked) var views: [View]
    @exclusivity(unchecked) private var freeSlots: [Int] = []
    /// Memory of segments that were emptied, for the next: a delivery's end empties several at once, and to give each back to the kernel and take it
    /// again costs more than the copying. `trim` gives it back.
    @exclusivity(unchecked) private var spares: [UnsafeMutableRawPointer] = []
    private static let sparesMax = 8
    @exclusivity(unchecked) private(set) var oldestSlot = -1
    @exclusivity(unchecked) private(set) var newestSlot = -1
    @exclusivity(unchecked) private var nextOrdinal: UInt64 = 0
    @exclusivity(unchecked) private(set) var segmentCount = 0
    /// Batches that are not free.
    @exclusivity(unchecked) public private(set) var batchCount = 0

    /// `bytesMax`: at least 1 MiB.
    public init(bytesMax: Int, cursorCount: Int = 1) {
        precondition(bytesMax >= 1 << 20, "a ring of less than 1 MiB")
        precondition((1...Self.cursorsMax).contains(cursorCount), "a ring of \(cursorCount) cursors")
        self.bytesMax = bytesMax
        self.cursorCount = cursorCount
        headerBytes = RecordHeader.byteCount + cursorCount * RecordLink.byteCount
        views = Array(repeating: View(), count: cursorCount)
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

    @inline(__always) func footprint(ofBytes count: Int) -> Int { (headerBytes + count + 7) & ~7 }

    /// Room for a batch of `byteCount` bytes (at most 32768), or nil when the ring is full. `commit` must follow at once.
    func reserve(_ byteCount: Int) -> UnsafeMutableRawBufferPointer? {
        let footprint = footprint(ofBytes: byteCount)
        assert(footprint <= segmentBytes)
        if newestSlot < 0 || segments[newestSlot].used + footprint > segmentBytes {
            guard openSegment() else { return nil }
        }
        let start = segments[newestSlot].base + segments[newestSlot].used + headerBytes
        return UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    }

    /// Makes the bytes just reserved a batch that waits for `takers`, at least one, and is free for the others.
    func commit(_ request: ScannedRequest, arrived: Instant, for takers: CursorSet = .first) -> RingPosition {
        let slot = newestSlot
        let position = RingPosition(slot: slot, offset: segments[slot].used)
        pointer(position).initialize(
            to: RecordHeader(
                arrived: arrived, byteCount: UInt16(request.byteCount), logCount: UInt16(request.logCount),
                sessionOffset: UInt16(request.sessionID.lowerBound), sessionCount: UInt16(request.sessionID.count),
                processOffset: UInt16(request.processName.lowerBound), processCount: UInt16(request.processName.count),
                holders: UInt8(takers.count)))
        for index in 0..<cursorCount {
            let isTaker = takers.contains(index)
            link(position, index).initialize(to: RecordLink(state: isTaker ? .waiting : .free))
            guard isTaker else { continue }
            let mark = slot &* cursorCount &+ index
            if marks[mark].live == 0 { views[index].segmentCount += 1 }
            marks[mark].live += 1
        }
        segments[slot].used += footprint(ofBytes: request.byteCount)
        segments[slot].live += 1
        batchCount += 1
        return position
    }

    /// Whether `reserve` would find room.
    func hasRoom(_ byteCount: Int) -> Bool {
        newestSlot >= 0 && segments[newestSlot].used + footprint(ofBytes: byteCount) <= segmentBytes || mayOpenSegment
    }

    private var mayOpenSegment: Bool {
        let shared = sharers.reduce(0) { $0 + max($1.bytesHeld, $1.promisedBytes) }
        return (segmentCount + 1) * segmentBytes + laneBytes + min(shared, bytesMax - ownBytesMax) <= bytesMax
    }

    /// What sharers cannot take of it.
    var ownBytesMax: Int { sharers.isEmpty ? bytesMax : bytesMax / 4 * 3 }

    private func openSegment() -> Bool {
        guard mayOpenSegment else { return false }
        let base = spares.popLast() ?? .allocate(byteCount: segmentBytes, alignment: 16)
        let segment = Segment(base: base, used: 0, live: 0, ordinal: nextOrdinal, nextSlot: -1, previousSlot: newestSlot)
        nextOrdinal += 1
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            segments[slot] = segment
            for mark in slot * cursorCount..<(slot + 1) * cursorCount { marks[mark] = Mark() }
        } else {
            slot = segments.count
            segments.append(segment)
            marks.append(contentsOf: repeatElement(Mark(), count: cursorCount))
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

    @inline(__always) func link(_ position: RingPosition, _ cursor: Int) -> UnsafeMutablePointer<RecordLink> {
        (segments[position.slot].base + position.offset + RecordHeader.byteCount + cursor &* RecordLink.byteCount)
            .assumingMemoryBound(to: RecordLink.self)
    }

    @inline(__always) func requestBytes(_ position: RingPosition) -> UnsafeRawBufferPointer {
        let header = pointer(position)
        return UnsafeRawBufferPointer(start: UnsafeRawPointer(header) + headerBytes, count: Int(header.pointee.byteCount))
    }

    /// Whether it was laid into the ring before the other.
    func isOlder(_ a: RingPosition, than b: RingPosition) -> Bool { (segments[a.slot].ordinal, a.offset) < (segments[b.slot].ordinal, b.offset) }

    // MARK: Releasing

    /// A record that is free for this cursor now: its memory is for others when it is free for all.
    func free(_ position: RingPosition, _ cursor: Int) {
        let slot = position.slot
        link(position, cursor).pointee.state = .free
        let mark = slot &* cursorCount &+ cursor
        marks[mark].live -= 1
        if marks[mark].live == 0 { views[cursor].segmentCount -= 1 }
        let header = pointer(position)
        header.pointee.holders -= 1
        guard header.pointee.holders == 0 else { return }
        batchCount -= 1
        segments[slot].live -= 1
        #if CANARIES
            if Canary.doubleRelease.isPlanted, segments[slot].live > 0 { segments[slot].live -= 1 }
        #endif
        guard segments[slot].live == 0 else { return }
        if slot == newestSlot {
            segments[slot].used = 0
            for index in 0..<cursorCount { marks[slot * cursorCount + index].passed = 0 }
        } else {
            closeSegment(slot)
        }
    }

    func addLaneBytes(_ bytes: Int, _ cursor: Int) {
        laneBytes += bytes
        views[cursor].laneBytes += bytes
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
        for index in views.indices where views[index].searchSlot == slot { views[index].searchSlot = segment.nextSlot }
        freeSlots.append(slot)
        segmentCount -= 1
    }
}

/// Some of a ring's cursors, by their numbers.
public struct CursorSet: Sendable {
    private var bits: UInt8

    static let none = CursorSet(bits: 0)
    static let first = CursorSet(bits: 1)
    static func all(_ count: Int) -> CursorSet { CursorSet(bits: UInt8(truncatingIfNeeded: 1 << count &- 1)) }

    private init(bits: UInt8) { self.bits = bits }

    var count: Int { bits.nonzeroBitCount }
    var isEmpty: Bool { bits == 0 }
    public func contains(_ index: Int) -> Bool { bits & 1 << index != 0 }
    mutating func insert(_ index: Int) { bits |= 1 << index }
    mutating func formUnion(_ other: CursorSet) { bits |= other.bits }
    func subtracting(_ other: CursorSet) -> CursorSet { CursorSet(bits: bits & ~other.bits) }
}
