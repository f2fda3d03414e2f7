/// What kills took and repeated, held against what the durability mode promises. It rests on what the clients wrote and the sink saw alone: the ledgers of the
/// killed processes are lost with them.
public struct CrashVerdict: Equatable, Sendable {
    /// Missing logs that the daemon perhaps never read: in its sockets when it was killed.
    public private(set) var lostUnread = 0
    /// Missing logs that were written, at most the promise's window before a kill (or before the oldest log that was unread then).
    public private(set) var lostYoung = 0
    /// All other missing logs; what the daemon dropped is among them, since nobody knows which those are.
    public private(set) var missingBeyond = 0
    /// The greatest age at a kill of a log that counts as lost young, in nanoseconds.
    public private(set) var oldestLost: UInt64 = 0
    /// Missing logs after which a log of the same session arrived that was written before the same kill. Where everything is committed in order there are none.
    public private(set) var holes = 0
    /// Requests in flight at a kill that came again, the logs in them that arrived twice, and the most requests for one kill.
    public private(set) var resends = 0
    public private(set) var resentLogs = 0
    public private(set) var resendsOfOneKillMax = 0
    /// The longest time from the answer to such a request to the kill after it, in nanoseconds: how long the daemon took, at most, to make sure of an answer.
    public private(set) var oldestAnswer: UInt64 = 0
    /// Requests that came again though they were in flight at no kill, and those whose content was another under the same key.
    public private(set) var unexplainedResends = 0
    public private(set) var changedResends = 0
    /// Where to look: the first few runs of `missingBeyond`.
    public private(set) var examples: [Example] = []

    public struct Example: Equatable, Sendable, CustomStringConvertible {
        var session: SessionID
        var sequences: ClosedRange<Int>
        /// Of the first of them, at the kill of this number (from 0 on), in nanoseconds; nil: there was no kill any more.
        var age: UInt64?
        var kill: Int

        public var description: String {
            let written = age.map { "\(Figures.microseconds($0 / 1000)) before kill \(kill + 1)" } ?? "after the last kill"
            return "session \(session) lacks \(sequences.lowerBound)...\(sequences.upperBound), written \(written)"
        }
    }

    private static let examplesMax = 5
    private let crashes: CrashEvidence

    /// `sessions` must have their histories.
    init(_ crashes: CrashEvidence, sessions: [SentSession], record: DeliveryRecord) {
        self.crashes = crashes
        for session in sessions { judge(session, record.session(session.id)) }
        judge(record.resends)
    }

    var lostWithin: Int { lostUnread + lostYoung }

    // MARK: What is missing

    private mutating func judge(_ session: SentSession, _ arrived: SessionRecord?) {
        guard let history = session.history else { return }
        var kill = 0
        var unread = history.unread[...]
        // Missing so far among what was written before the same kill.
        var missingOfLife = 0
        for (index, writtenAt) in history.writtenAt.enumerated() where writtenAt != 0 {
            while kill < crashes.kills.count, crashes.kills[kill] < writtenAt {
                kill += 1
                missingOfLife = 0
            }
            while let first = unread.first, first.kill < kill { unread.removeFirst() }
            let unreadSince = unread.first.flatMap { $0.kill == kill ? $0.since : nil }
            var missing: ClosedRange<Int>?
            var count = 0
            for sequence in index * history.logsPerMessage..<(index + 1) * history.logsPerMessage {
                if arrived?.contains(sequence) ?? false {
                    holes += missingOfLife
                    missingOfLife = 0
                } else {
                    missing = (missing?.lowerBound ?? sequence)...sequence
                    count += 1
                    missingOfLife += 1
                }
            }
            if let missing { judgeMissing(session.id, missing, count, writtenAt: writtenAt, kill: kill, unreadSince: unreadSince) }
        }
    }

    /// `count` logs of a message, which lie in `sequences`.
    private mutating func judgeMissing(
        _ session: SessionID, _ sequences: ClosedRange<Int>, _ count: Int, writtenAt: UInt64, kill: Int, unreadSince: UInt64?
    ) {
        guard kill < crashes.kills.count else {
            missingBeyond += count
            return note(Example(session: session, sequences: sequences, age: nil, kill: kill))
        }
        let killedAt = crashes.kills[kill]
        if let unreadSince, writtenAt >= unreadSince {
            lostUnread += count
            return
        }
        // A socket is read in order: what was read just before the kill had waited about as long as what was next.
        let readableUntil = unreadSince ?? killedAt
        if let window = crashes.promise.lossWindow, writtenAt + window < readableUntil {
            missingBeyond += count
            return note(Example(session: session, sequences: sequences, age: killedAt - writtenAt, kill: kill))
        }
        lostYoung += count
        oldestLost = max(oldestLost, killedAt - writtenAt)
    }

    private mutating func note(_ example: Example) {
        if let last = examples.last, last.session == example.session, last.kill == example.kill, last.sequences.upperBound + 1 == example.sequences.lowerBound {
            examples[examples.count - 1].sequences = last.sequences.lowerBound...example.sequences.upperBound
        } else if examples.count < Self.examplesMax {
            examples.append(example)
        }
    }

    // MARK: What came again

    private mutating func judge(_ requests: [Resend]) {
        var resendsByKill: [UInt64: Int] = [:]
        for resend in requests {
            if !resend.isSameContent {
                changedResends += 1
            } else if crashes.promise.allows(resend, kills: crashes.kills) {
                resends += 1
                resentLogs += resend.logs
                // The one in flight: the first that came after the answer, or the last before the request where that lay in the kernel.
                let kill = crashes.kills.first { $0 >= resend.formerAnsweredAt && $0 <= resend.receivedAt } ?? crashes.kills.last { $0 <= resend.formerAnsweredAt } ?? 0
                resendsByKill[kill, default: 0] += 1
                oldestAnswer = max(oldestAnswer, kill - min(kill, resend.formerAnsweredAt))
            } else {
                unexplainedResends += 1
            }
        }
        resendsOfOneKillMax = resendsByKill.values.max() ?? 0
    }
}
