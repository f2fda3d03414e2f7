/// One session as the audit knows it. Numbers are as on the wire.
public struct SequenceReport: Equatable, Sendable {
    public var session: String
    /// The confined process's name, at most 64 bytes of it.
    public var process: String
    /// Logs that arrived, duplicates included.
    public var logs: UInt64
    /// The lowest and the highest number seen of the present count.
    public var first: Int32
    public var last: Int32
    /// Numbers that have not arrived, and those of them that are not waited for any more.
    public var missing: UInt64
    public var missingFinal: UInt64
    public var duplicated: UInt64
    public var outOfOrder: UInt64
    public var restarts: UInt64
    /// What has not arrived and is still waited for, ascending; those of the present count only.
    public var holes: [ClosedNumbers]

    /// A range of numbers, both ends included; `last` may be below `first`, over the wrap.
    public struct ClosedNumbers: Equatable, Sendable, CustomStringConvertible {
        public var first: Int32
        public var last: Int32
        public var description: String { first == last ? "\(first)" : "\(first)..\(last)" }

        init(_ range: Range<Int64>) {
            first = Int32(truncatingIfNeeded: range.lowerBound)
            last = Int32(truncatingIfNeeded: range.upperBound &- 1)
        }
    }

    /// `5..9, 20, 31..40 and 3 more`
    public func holesText(max: Int) -> String {
        let more = holes.count > max ? " and \(holes.count - max) more" : ""
        return holes.prefix(max).map(\.description).joined(separator: ", ") + more
    }

    init(_ session: SequenceSession) {
        self.session = session.key.text
        process = session.process
        logs = session.logs
        let run = session.shown
        first = Int32(truncatingIfNeeded: run.first)
        last = Int32(truncatingIfNeeded: run.next &- 1)
        missingFinal = session.counters.missingFinal
        missing = session.missing &+ missingFinal
        duplicated = session.counters.duplicated
        outOfOrder = session.counters.outOfOrder
        restarts = session.counters.restarts
        holes = run.holes.map(ClosedNumbers.init)
    }
}
