/// Remembers the lanes of the last batch of a connection, one for each destination, so that the next one finds them without a look-up. May be stale; it is checked.
public struct LaneHint: Sendable {
    var lanes: InlineArray<6, UInt32> = .init(repeating: .max)
    public init() { assert(LogRing.cursorsMax == lanes.count) }
}

/// What a destination has still to take, by session. A *lane* is the queue of one session's waiting batches, linked through the
/// ring's records. Lanes stand in line for service in the order in which they became ready; a lane of which a delivery is under way
/// is not in line, so that a session's batches are never under way side by side.
///
/// Two batches are of one lane if and only if their effective session id *and* process name are equal, byte for byte: then the merge law holds
/// for them (protocol.md). A lane lives only while it has batches; its key is read from one of them.
struct LaneQueue {
    struct Lane {
        var head = RingPosition.none
        var tail = RingPosition.none
        /// The last batch that went under way, valid while `deliveries` > 0: gives the key when nothing waits.
        var heldKey = RingPosition.none
        /// A batch on its way into the spool, valid while `runs` > 0: gives the key when nothing waits or is under way.
        var runKey = RingPosition.none
        var hash = 0
        var isOpen = true
        var hashNext: Int32 = -1
        var readyNext: Int32 = -1
        var readyPrevious: Int32 = -1
        /// Deliveries that hold batches of this lane.
        var deliveries: UInt32 = 0
        /// Runs of it that are on their way into the spool.
        var runs: UInt32 = 0
        /// Then what waits stays behind.
        var isHeld: Bool { deliveries > 0 || runs > 0 }
        var isReady = false
        /// Its place in line: grows with each lane that joins the line.
        var ticket: UInt64 = 0
    }

    /// What a lane is charged against the ring's bound, in bytes: its slot and its share of the buckets.
    static let laneCost = MemoryLayout<Lane>.stride + 8

    private let cursor: RingCursor
    private(set) var lanes: [Lane] = []
    private var freeLanes: [UInt32] = []
    /// Heads of the hash chains; the count is a power of two.
    private var buckets = [Int32](repeating: -1, count: 64)
    private var front: Int32 = -1
    private var back: Int32 = -1
    private(set) var lastTicket: UInt64 = 0
    var laneCount: Int { lanes.count - freeLanes.count }

    init(_ cursor: RingCursor) { self.cursor = cursor }

    // MARK: Arrivals

    /// Puts a batch just committed at the end of its lane.
    mutating func append(_ position: RingPosition, hint: inout LaneHint) {
        let lane = find(position, hint: Int(hint.lanes[cursor.index]))
        hint.lanes[cursor.index] = UInt32(lane)
        cursor.link(position).pointee.lane = UInt32(lane)
        if lanes[lane].head == .none {
            lanes[lane].head = position
        } else {
            cursor.link(lanes[lane].tail).pointee.next = position
        }
        lanes[lane].tail = position
        if !lanes[lane].isReady, !lanes[lane].isHeld { enqueue(lane) }
    }

    private mutating func find(_ position: RingPosition, hint: Int) -> Int {
        if hint < lanes.count, lanes[hint].isOpen, hasKey(hint, of: position) { return hint }
        let hash = hash(of: position)
        var candidate = buckets[hash & (buckets.count - 1)]
        while candidate >= 0 {
            let lane = Int(candidate)
            if lanes[lane].hash == hash, hasKey(lane, of: position) { return lane }
            candidate = lanes[lane].hashNext
        }
        return open(hash: hash)
    }

    private mutating func open(hash: Int) -> Int {
        if laneCount >= buckets.count { growBuckets() }
        let lane: Int
        if let free = freeLanes.popLast() {
            lane = Int(free)
            lanes[lane] = Lane()
        } else {
            lane = lanes.count
            lanes.append(Lane())
        }
        lanes[lane].hash = hash
        link(lane)
        cursor.addLaneBytes(Self.laneCost)
        return lane
    }

    private mutating func close(_ lane: Int) {
        let bucket = lanes[lane].hash & (buckets.count - 1)
        if buckets[bucket] == Int32(lane) {
            buckets[bucket] = lanes[lane].hashNext
        } else {
            var previous = Int(buckets[bucket])
            while lanes[previous].hashNext != Int32(lane) { previous = Int(lanes[previous].hashNext) }
            lanes[previous].hashNext = lanes[lane].hashNext
        }
        lanes[lane].isOpen = false
        freeLanes.append(UInt32(lane))
        cursor.addLaneBytes(-Self.laneCost)
        if freeLanes.count == lanes.count, lanes.count > 4096 { shrink() }
    }

    /// After a burst of sessions, gives the memory of their slots back.
    private mutating func shrink() {
        lanes = []
        freeLanes = []
        buckets = [Int32](repeating: -1, count: 64)
    }

    private mutating func link(_ lane: Int) {
        let bucket = lanes[lane].hash & (buckets.count - 1)
        lanes[lane].hashNext = buckets[bucket]
        buckets[bucket] = Int32(lane)
    }

    private mutating func growBuckets() {
        buckets = [Int32](repeating: -1, count: buckets.count * 2)
        for lane in lanes.indices where lanes[lane].isOpen { link(lane) }
    }

    // MARK: The key

    private func keyHolder(_ lane: Int) -> RingPosition {
        if lanes[lane].head != .none { return lanes[lane].tail }
        return lanes[lane].deliveries > 0 ? lanes[lane].heldKey : lanes[lane].runKey
    }

    private func hasKey(_ lane: Int, of position: RingPosition) -> Bool {
        let (a, b) = (cursor.header(keyHolder(lane)), cursor.header(position))
        guard a.pointee.sessionCount == b.pointee.sessionCount, a.pointee.processCount == b.pointee.processCount else { return false }
        return sessionBytes(a).hasSameBytes(as: sessionBytes(b)) && processBytes(a).hasSameBytes(as: processBytes(b))
    }

    /// Seeded per process, so that no client can choose sessions that collide.
    private func hash(of position: RingPosition) -> Int {
        let header = cursor.header(position)
        var hasher = Hasher()
        hasher.combine(header.pointee.sessionCount)
        hasher.combine(bytes: sessionBytes(header))
        hasher.combine(bytes: processBytes(header))
        return hasher.finalize()
    }

    private func sessionBytes(_ header: UnsafeMutablePointer<RecordHeader>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: UnsafeRawPointer(header) + cursor.ring.headerBytes + Int(header.pointee.sessionOffset),
            count: Int(header.pointee.sessionCount))
    }

    private func processBytes(_ header: UnsafeMutablePointer<RecordHeader>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: UnsafeRawPointer(header) + cursor.ring.headerBytes + Int(header.pointee.processOffset),
            count: Int(header.pointee.processCount))
    }

    // MARK: The line

    /// The lane to serve next, and its ticket; nil when none is ready.
    var next: (lane: Int, ticket: UInt64)? { front < 0 ? nil : (Int(front), lanes[Int(front)].ticket) }

    private mutating func enqueue(_ lane: Int) {
        lastTicket += 1
        lanes[lane].ticket = lastTicket
        lanes[lane].isReady = true
        lanes[lane].readyPrevious = back
        lanes[lane].readyNext = -1
        if back >= 0 { lanes[Int(back)].readyNext = Int32(lane) } else { front = Int32(lane) }
        back = Int32(lane)
    }

    private mutating func leaveLine(_ lane: Int) {
        let (previous, next) = (lanes[lane].readyPrevious, lanes[lane].readyNext)
        if previous >= 0 { lanes[Int(previous)].readyNext = next } else { front = next }
        if next >= 0 { lanes[Int(next)].readyPrevious = previous } else { back = previous }
        lanes[lane].isReady = false
    }

    // MARK: Service

    /// Takes a lane out of line for a delivery, beside others that hold it; `takeHead` then gives its batches, `settle` ends it. Of several that hold a
    /// lane the first formed ends first.
    mutating func beginDelivery(of lane: Int) {
        if lanes[lane].isReady { leaveLine(lane) }
        lanes[lane].deliveries += 1
    }

    /// The first waiting batch of a lane, nil when none waits.
    func head(of lane: Int) -> RingPosition? {
        let head = lanes[lane].head
        return head == .none ? nil : head
    }

    /// Marks a lane's first waiting batch as under way.
    mutating func takeHead(of lane: Int) {
        lanes[lane].heldKey = holdHead(of: lane)
    }

    /// A delivery of `lane` was split: one more holds it.
    mutating func split(_ lane: Int) { lanes[lane].deliveries += 1 }

    /// A delivery of `lane` has ended, its batches released.
    mutating func settle(_ lane: Int) {
        lanes[lane].deliveries -= 1
        letGo(lane)
    }

    private mutating func letGo(_ lane: Int) {
        guard !lanes[lane].isHeld else { return }
        if lanes[lane].head == .none { close(lane) } else { enqueue(lane) }
    }

    private mutating func holdHead(of lane: Int) -> RingPosition {
        let position = popHead(of: lane)
        cursor.link(position).pointee.state = .held
        cursor.link(position).pointee.parts = 1
        return position
    }

    // MARK: Into the spool

    /// Takes a lane out of line for a run into the spool; `takeHeadForRun` then gives its batches, `endRun` or `giveBack` ends it.
    mutating func beginRun(of lane: Int) {
        if lanes[lane].isReady { leaveLine(lane) }
        lanes[lane].runs += 1
    }

    mutating func takeHeadForRun(of lane: Int) {
        lanes[lane].runKey = holdHead(of: lane)
    }

    /// A run of `lane` has ended, its batches released.
    mutating func endRun(of lane: Int) {
        lanes[lane].runs -= 1
        letGo(lane)
    }

    /// A run did not get into the spool: its batches wait again, before all others of their lane. Of several runs of a lane the last goes first.
    mutating func giveBack(_ batches: [Batch], to lane: Int) {
        for batch in batches.reversed() {
            let link = cursor.link(batch.position)
            link.pointee.state = .waiting
            link.pointee.parts = 0
            link.pointee.next = lanes[lane].head
            if lanes[lane].head == .none { lanes[lane].tail = batch.position }
            lanes[lane].head = batch.position
        }
        endRun(of: lane)
    }

    /// Takes the batch that has waited longest, of all lanes, out of the ring's waiting; the caller releases it.
    mutating func popOldest() -> RingPosition? {
        guard let position = cursor.oldestWaiting() else { return nil }
        let lane = Int(cursor.link(position).pointee.lane)
        assert(lanes[lane].head == position, "a lane's first batch is its oldest")
        _ = popHead(of: lane)
        if lanes[lane].head == .none, !lanes[lane].isHeld {
            leaveLine(lane)
            close(lane)
        }
        return position
    }

    private mutating func popHead(of lane: Int) -> RingPosition {
        let position = lanes[lane].head
        lanes[lane].head = cursor.link(position).pointee.next
        if lanes[lane].head == .none { lanes[lane].tail = .none }
        return position
    }
}

extension UnsafeRawBufferPointer {
    /// Eight bytes at a time: keys are compared once per batch.
    func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        var offset = 0
        while offset + 8 <= count {
            guard
                loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    == other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            else { return false }
            offset += 8
        }
        while offset < count {
            guard self[offset] == other[offset] else { return false }
            offset += 1
        }
        return true
    }
}
