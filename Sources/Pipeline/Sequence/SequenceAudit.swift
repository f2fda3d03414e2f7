import Wire

/// Remembers where a connection's session is kept, so that its next frame finds it without a look-up. May be stale; it is checked.
public struct SequenceHint: Sendable {
    var slot = Int.max
    var ordinal: UInt64 = 0
    /// The connection has carried more than one session.
    var isMixed = false
    public init() {}
}

/// Finds losses that nobody reported, in the sequence numbers of what arrives: holes, duplicates, disorder, by session id.
///
/// A client gives numbers before it can drop anything: from 0, one more for each request. *Missing* is, at any moment, a number between the lowest and the
/// highest seen of a session that has not arrived. What the proxy itself drops has arrived and is not missing here.
///
/// Sans-IO. Bounded in sessions (the one that was silent longest goes) and in holes of a session (the lowest goes); what goes is counted.
/// A frame that goes on where its session left off, as nearly all do, costs a comparison of the session id and allocates nothing. Confined to one thread.
public final class SequenceAudit {
    public struct Limits: Sendable, Equatable {
        /// Sessions remembered: 240 bytes each, and 16 for each hole.
        public var sessionsMax = 4096
        /// Holes of one run of a session.
        public var holesMax = 32
        public init() {}
    }

    public let limits: Limits
    /// Bytes of a process name that are kept.
    static let processBytesMax = 64

    /// Room for all that are remembered; pages are touched only as far as they are used. Not an array: the hot path would pay for its checks.
    private let sessions: UnsafeMutablePointer<SequenceSession>
    private var sessionCount = 0
    private var slots: [SessionKey: Int32] = [:]
    private var newest: Int32 = -1
    private var oldest: Int32 = -1
    private var nextOrdinal: UInt64 = 1
    private var totals = SequenceStatistics()

    public init(limits: Limits = Limits()) {
        precondition(limits.sessionsMax > 0 && limits.sessionsMax < Int32.max && limits.holesMax > 0)
        self.limits = limits
        sessions = .allocate(capacity: limits.sessionsMax)
        totals.sessionsMax = limits.sessionsMax
        totals.holesMax = limits.holesMax
    }

    deinit {
        sessions.deinitialize(count: sessionCount)
        sessions.deallocate()
    }

    // MARK: Arrivals

    /// Takes note of the logs of a request that `scan` found in `payload`. Once for each frame that arrived, kept or not.
    /// - `connection`: any number that tells connections apart; `hint` is that connection's.
    public func record(_ request: ScannedRequest, of payload: RawSpan, connection: UInt64, hint: inout SequenceHint) {
        if let piece = request.piece, request.isSequenceContiguous, hint.slot < sessionCount {
            let id = piece.lowerBound &+ request.sessionID.lowerBound..<piece.lowerBound &+ request.sessionID.upperBound
            let session = sessions + hint.slot
            if session.pointee.key.matches(payload, id),
                session.pointee.advance(UInt32(bitPattern: request.firstSequenceNumber), request.logCount)
            {
                hint.ordinal = session.pointee.ordinal
                return makeNewest(hint.slot)
            }
        }
        if let piece = request.piece {
            look(request, payload.extracting(piece), connection, &hint)
        } else {
            // Rare: no known client splits its logs over several fields of one envelope.
            var bytes = [UInt8](repeating: 0, count: request.byteCount)
            bytes.withUnsafeMutableBytes { BoundaryScan.copyRequest(request, of: payload, to: $0) }
            look(request, bytes.span.bytes, connection, &hint)
        }
    }

    /// `bytes`: the inner request.
    @inline(never)
    private func look(_ request: ScannedRequest, _ bytes: RawSpan, _ connection: UInt64, _ hint: inout SequenceHint) {
        let logs = UInt64(request.logCount)
        guard !request.sessionID.isEmpty else { return totals.logsWithoutSession += logs }
        guard request.sessionID.count <= SessionKey.byteCountMax else { return totals.logsWithLongSession += logs }
        guard !request.isSequenceContiguous else {
            return take(request, bytes, UInt32(bitPattern: request.firstSequenceNumber), request.logCount, connection, &hint)
        }
        guard Self.isNumbered(bytes) else { return totals.logsUnnumbered += logs }
        // Piece by piece of what follows each other.
        var reader = LogReader()
        var (first, count) = (UInt32(0), 0)
        while let log = reader.next(in: bytes) {
            let number = UInt32(bitPattern: log.sequenceNumber)
            if count > 0, number != first &+ UInt32(count) {
                take(request, bytes, first, count, connection, &hint)
                count = 0
            }
            if count == 0 { first = number }
            count += 1
        }
        if count > 0 { take(request, bytes, first, count, connection, &hint) }
    }

    /// False for a client that knows session ids but gives no numbers.
    private static func isNumbered(_ bytes: RawSpan) -> Bool {
        var reader = LogReader()
        while let log = reader.next(in: bytes) {
            if log.sequenceNumber != 0 { return true }
        }
        return false
    }

    private func take(
        _ request: ScannedRequest, _ bytes: RawSpan, _ first: UInt32, _ count: Int, _ connection: UInt64, _ hint: inout SequenceHint
    ) {
        let slot: Int
        if hint.slot < sessionCount, sessions[hint.slot].key.matches(bytes, request.sessionID) {
            slot = hint.slot
            // The slot may have been given up and taken again since.
            hint.ordinal = sessions[slot].ordinal
        } else {
            let key = SessionKey(bytes, request.sessionID)
            hint.isMixed = hint.isMixed || hint.ordinal != 0
            guard let known = slots[key] else {
                let process = Self.text(bytes, request.processName)
                hint.slot = open(key, process, first, count, connection)
                hint.ordinal = sessions[hint.slot].ordinal
                return
            }
            slot = Int(known)
            sessions[slot].connection = connection
            hint.slot = slot
            hint.ordinal = sessions[slot].ordinal
        }
        makeNewest(slot)
        change(slot) { $0.take(first, count, holesMax: limits.holesMax) }
    }

    private static func text(_ bytes: RawSpan, _ range: Range<Int>) -> String {
        var text = (range.count <= processBytesMax ? range : range.lowerBound..<range.lowerBound + processBytesMax).map {
            bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self)
        }
        // Not in the middle of a character.
        if range.count > text.count, bytes.unsafeLoad(fromByteOffset: range.lowerBound + text.count, as: UInt8.self) & 0xC0 == 0x80 {
            while let last = text.popLast(), last & 0xC0 == 0x80 {}
        }
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: Sessions

    private func open(_ key: SessionKey, _ process: String, _ first: UInt32, _ count: Int, _ connection: UInt64) -> Int {
        let session = SequenceSession(
            key: key, process: process, ordinal: nextOrdinal, connection: connection, first: first, count: count)
        nextOrdinal += 1
        if first != 0 { totals.lateStarts += 1 }
        let slot: Int
        if sessionCount < limits.sessionsMax {
            slot = sessionCount
            (sessions + slot).initialize(to: session)
            sessionCount += 1
        } else {
            slot = Int(oldest)
            evictOldest()
            sessions[slot] = session
        }
        slots[key] = Int32(slot)
        link(slot)
        return slot
    }

    private func evictOldest() {
        let slot = Int(oldest)
        totals.missing &-= sessions[slot].missing
        totals.holes -= sessions[slot].holeCount
        let before = sessions[slot].counters
        sessions[slot].close(holesMax: limits.holesMax)
        totals.counters.add(sessions[slot].counters, since: before)
        totals.sessionsEvicted += 1
        slots[sessions[slot].key] = nil
        unlink(slot)
    }

    /// Keeps the totals in step with one session.
    private func change(_ slot: Int, _ body: (inout SequenceSession) -> Void) {
        let (missing, holes, counters) = (sessions[slot].missing, sessions[slot].holeCount, sessions[slot].counters)
        body(&sessions[slot])
        totals.missing &+= sessions[slot].missing &- missing
        totals.holes += sessions[slot].holeCount - holes
        totals.counters.add(sessions[slot].counters, since: counters)
    }

    @inline(__always)
    private func makeNewest(_ slot: Int) {
        guard newest != Int32(truncatingIfNeeded: slot) else { return }
        unlink(slot)
        link(slot)
    }

    private func link(_ slot: Int) {
        sessions[slot].older = newest
        sessions[slot].newer = -1
        if newest >= 0 { sessions[Int(newest)].newer = Int32(slot) } else { oldest = Int32(slot) }
        newest = Int32(slot)
    }

    private func unlink(_ slot: Int) {
        let (older, newer) = (sessions[slot].older, sessions[slot].newer)
        if older >= 0 { sessions[Int(older)].newer = newer } else { oldest = newer }
        if newer >= 0 { sessions[Int(newer)].older = older } else { newest = older }
    }

    // MARK: Looking

    /// A connection has ended: of the sessions that it carried those in which more is missing than when that was last asked. Of several
    /// sessions, not those that another connection has taken over. Allocates nothing when there is none.
    public func connectionEnded(_ connection: UInt64, _ hint: SequenceHint) -> [SequenceReport] {
        var reports: [SequenceReport] = []
        if hint.isMixed {
            for slot in 0..<sessionCount where sessions[slot].connection == connection { complain(slot, &reports) }
        } else if hint.slot < sessionCount, sessions[hint.slot].ordinal == hint.ordinal {
            complain(hint.slot, &reports)
        }
        return reports
    }

    private func complain(_ slot: Int, _ reports: inout [SequenceReport]) {
        let missing = sessions[slot].missing &+ sessions[slot].counters.missingFinal
        if missing > sessions[slot].missingComplained { reports.append(SequenceReport(sessions[slot])) }
        sessions[slot].missingComplained = missing
    }

    /// The `count` sessions that were active last, the latest first.
    public func recent(_ count: Int) -> [SequenceReport] {
        var reports: [SequenceReport] = []
        var slot = newest
        while slot >= 0, reports.count < count {
            reports.append(SequenceReport(sessions[Int(slot)]))
            slot = sessions[Int(slot)].older
        }
        return reports
    }

    public var statistics: SequenceStatistics {
        var statistics = totals
        statistics.sessions = sessionCount
        statistics.holesLargest = totals.holes == 0 ? 0 : (0..<sessionCount).reduce(0) {
            max($0, sessions[$1].run.holes.count, sessions[$1].previous?.holes.count ?? 0)
        }
        return statistics
    }
}
