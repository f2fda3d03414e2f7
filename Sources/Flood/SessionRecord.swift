/// What the sink has of one session: which sequence numbers arrived, a bit each.
public struct SessionRecord: Sendable {
    /// A session of more logs than this is not one of ours (32 MiB of bits).
    static let sequenceMax: Int32 = 1 << 28

    enum Arrival { case first, duplicate, outOfOrder, impossible }

    public let id: SessionID
    public private(set) var unique = 0
    /// The highest sequence number that arrived, -1 before the first.
    public private(set) var highest: Int32 = -1
    private var bits: [UInt64] = []

    init(id: SessionID) { self.id = id }

    /// `outOfOrder` is a first arrival too, after a later log of the session.
    mutating func note(_ sequence: Int32) -> Arrival {
        guard sequence >= 0, sequence <= Self.sequenceMax else { return .impossible }
        let word = Int(sequence) >> 6
        let bit: UInt64 = 1 << UInt64(sequence & 63)
        if word >= bits.count { bits.append(contentsOf: repeatElement(0, count: word + 1 - bits.count)) }
        if bits[word] & bit != 0 { return .duplicate }
        bits[word] |= bit
        unique += 1
        if sequence < highest { return .outOfOrder }
        highest = sequence
        return .first
    }

    /// Logs that arrived, by someone else's account.
    mutating func insert(_ sequences: ClosedRange<Int32>) {
        for sequence in sequences { _ = note(sequence) }
    }

    func contains(_ sequence: Int) -> Bool {
        let word = sequence >> 6
        return word < bits.count && bits[word] & (1 << UInt64(sequence & 63)) != 0
    }

    /// How many of 0 ..< `count` arrived.
    func arrived(below count: Int) -> Int {
        if Int(highest) < count { return unique }
        var sum = 0
        for word in 0..<min(bits.count, count >> 6) { sum += bits[word].nonzeroBitCount }
        if count & 63 != 0, count >> 6 < bits.count { sum += (bits[count >> 6] & ((1 << UInt64(count & 63)) - 1)).nonzeroBitCount }
        return sum
    }

    /// The first runs of sequence numbers below `count` that did not arrive.
    func missing(below count: Int, runsMax: Int) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var sequence = 0
        while sequence < count, runs.count < runsMax {
            if contains(sequence) {
                sequence += 1
                continue
            }
            let start = sequence
            while sequence < count, !contains(sequence) { sequence += 1 }
            runs.append(start..<sequence)
        }
        return runs
    }
}
