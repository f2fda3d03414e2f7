/// What has happened to sequence numbers. Counters only grow.
public struct SequenceCounters: Equatable, Sendable {
    /// Logs whose number had been seen.
    public internal(set) var duplicated: UInt64 = 0
    /// Logs that came after one of a higher number, and had not been seen.
    public internal(set) var outOfOrder: UInt64 = 0
    /// Numbers that have not arrived and are not waited for any more: of sessions and holes forgotten, of counts before a restart.
    public internal(set) var missingFinal: UInt64 = 0
    /// Holes forgotten because a session had too many.
    public internal(set) var holesForgotten: UInt64 = 0
    /// Times that a client counted from 0 again under the same session id.
    public internal(set) var restarts: UInt64 = 0

    public init() {}

    /// Adds what came about between two states of the same counters.
    mutating func add(_ after: SequenceCounters, since before: SequenceCounters) {
        duplicated &+= after.duplicated &- before.duplicated
        outOfOrder &+= after.outOfOrder &- before.outOfOrder
        missingFinal &+= after.missingFinal &- before.missingFinal
        holesForgotten &+= after.holesForgotten &- before.holesForgotten
        restarts &+= after.restarts &- before.restarts
    }
}

/// The figures of the audit at one moment.
public struct SequenceStatistics: Equatable, Sendable {
    public internal(set) var counters = SequenceCounters()
    /// Sessions that are remembered, of `sessionsMax`.
    public internal(set) var sessions = 0
    public internal(set) var sessionsMax = 0
    public internal(set) var sessionsEvicted: UInt64 = 0
    /// Sessions whose first number seen was not 0: what came before is unknown, and not counted as missing.
    public internal(set) var lateStarts: UInt64 = 0
    /// Numbers below the highest seen of a remembered session that have not arrived.
    public internal(set) var missing: UInt64 = 0
    /// Holes of all sessions, and the most that one run of a session has, of `holesMax`.
    public internal(set) var holes = 0
    public internal(set) var holesLargest = 0
    public internal(set) var holesMax = 0
    /// Logs that were not audited: without a session id, with one of over 64 bytes, or in a frame of several logs all numbered 0.
    public internal(set) var logsWithoutSession: UInt64 = 0
    public internal(set) var logsWithLongSession: UInt64 = 0
    public internal(set) var logsUnnumbered: UInt64 = 0

    public init() {}
}
