/// What became of every single log, by session and sequence number.
public struct Verdict: Equatable, Sendable {
    public private(set) var sent = 0
    /// Sent and arrived, each counted once.
    public private(set) var delivered = 0
    public private(set) var dropped: [String: Int] = [:]
    public private(set) var droppedSum = 0
    /// Left in the spool at the end, by the daemon's own account: not lost.
    public private(set) var spooled = 0
    /// Sent, not arrived, not in the spool, and not on the daemon's list of what it dropped. After kills some of them may be within the promise.
    public private(set) var lost = 0
    /// Of those: more than the durability mode lets kills take.
    public private(set) var lostBeyondPromise = 0
    /// nil where nobody killed the daemon.
    public private(set) var crash: CrashVerdict?
    public private(set) var duplicated = 0
    /// Of those: the ones that are nobody's fault. The sink killed sessions, and each of these logs belonged to a call that was in flight when its session
    /// died, so that the daemon could not know whether it had arrived. None where the sink killed nothing.
    public private(set) var duplicatedInFlight = 0
    public private(set) var outOfOrder = 0
    /// Arrived and never sent: of unknown sessions, beyond a session's end, damaged on the way.
    public private(set) var foreign = 0
    /// What is wrong, in words; empty: every log is accounted for.
    public private(set) var failures: [String] = []

    public var isGood: Bool { failures.isEmpty }

    public init(_ evidence: Evidence) {
        count(evidence)
        judgeDelivery(evidence)
        if let crash { judge(crash, evidence) }
        judgeLedger(evidence)
        judgeEnding(evidence)
    }

    private mutating func count(_ evidence: Evidence) {
        let record = evidence.record
        sent = evidence.sessions.reduce(0) { $0 + $1.logsSent }
        for session in evidence.sessions {
            guard let arrived = record.session(session.id) else { continue }
            delivered += arrived.arrived(below: session.logs)
        }
        crash = evidence.crashes.map { CrashVerdict($0, sessions: evidence.sessions, record: record) }
        // Numbers of messages that were never sent whole are below their session's end.
        if let crash { delivered = sent - crash.lostWithin - crash.missingBeyond }
        // All unique arrivals but those that belong to a log that was sent.
        let unique = record.sessions.reduce(0) { $0 + $1.unique }
        foreign = unique - delivered + record.impossible + record.damaged
        duplicated = record.duplicates
        if let coder = record.coder, coder.kills > 0 { duplicatedInFlight = min(duplicated, coder.duplicatesInFlight) }
        outOfOrder = record.outOfOrder
        dropped = (evidence.ledger?.dropped ?? [:]).filter { $0.value != 0 }
        dropped.merge(evidence.crashes?.droppedByKilled ?? [:], uniquingKeysWith: +)
        droppedSum = dropped.values.reduce(0, +)
        spooled = evidence.ledger?.logsSpooled ?? 0
        lost = sent - delivered - droppedSum - spooled
        if let crash {
            // What was dropped may be among what kills were allowed to take.
            lost = max(0, lost)
            lostBeyondPromise = max(0, crash.missingBeyond - droppedSum - spooled)
        } else {
            lostBeyondPromise = lost
        }
    }

    private mutating func judgeDelivery(_ evidence: Evidence) {
        if crash == nil, lost > 0 { failures.append("\(lost) logs are unaccounted for\(Self.examples(evidence))") }
        if lost < 0, spooled > 0 {
            failures.append("the daemon says that it dropped \(droppedSum) logs and left \(spooled) in the spool, but only \(sent - delivered) are missing")
        } else if lost < 0 { failures.append("the daemon says that it dropped \(droppedSum) logs, but only \(sent - delivered) are missing") }
        // After kills `CrashVerdict` judges the requests that came again, and only the others are nobody's.
        let unexplained = (crash == nil ? duplicated : evidence.record.duplicatesOfOtherKeys) - duplicatedInFlight
        if unexplained > 0 {
            let kills = evidence.record.coder?.kills ?? 0
            failures.append("\(unexplained) logs arrived twice" + (kills > 0 ? " and were not in flight when a session was killed" : crash == nil ? "" : ", the second time under another Idempotency-Key"))
        }
        if outOfOrder > 0 { failures.append("\(outOfOrder) logs arrived after a later one of their session") }
        if foreign > 0 {
            failures.append("\(foreign) logs arrived that were not sent so (\(evidence.record.damaged) damaged, \(evidence.record.impossible) of a frame that had to be rejected)")
        }
        if evidence.record.unreadable > 0 { failures.append("\(evidence.record.unreadable) requests could not be read") }
        if evidence.record.withoutKey > 0 { failures.append("\(evidence.record.withoutKey) requests had no Idempotency-Key") }
        if crash == nil, evidence.record.repeatedKeys > 0 { failures.append("\(evidence.record.repeatedKeys) requests repeated one that was acknowledged") }
        if let failure = evidence.record.failure { failures.append("the sink failed: \(failure)") }
        guard let coder = evidence.record.coder else { return }
        if let failure = coder.failure { failures.append("the stand-in for coderd failed: \(failure)") }
        for (violation, count) in coder.violations.sorted(by: { $0.key < $1.key }) {
            failures.append("the daemon did what a client of coderd must not do, \(count) times: \(violation)")
        }
    }

    private mutating func judge(_ crash: CrashVerdict, _ evidence: Evidence) {
        if lostBeyondPromise > 0 { failures.append("\(lostBeyondPromise) logs are lost beyond the promise: \(crash.examples.map(\.description).joined(separator: ", "))") }
        if crash.unexplainedResends > 0 { failures.append("\(crash.unexplainedResends) requests came again that no kill had found in flight") }
        if crash.changedResends > 0 { failures.append("\(crash.changedResends) requests came again under the same Idempotency-Key with other content") }
        // Groups are committed in the order in which their batches arrived: a kill takes the end of what was written, never something out of the middle.
        if evidence.crashes?.promise.mode == .sync, droppedSum == 0, crash.holes > 0 {
            failures.append("\(crash.holes) logs are missing although a later one of their session survived the same kill")
        }
    }

    private mutating func judgeLedger(_ evidence: Evidence) {
        guard let ledger = evidence.ledger else {
            failures.append("the daemon wrote no final ledger")
            return
        }
        // The last process's ledger says nothing about what those before it received and delivered.
        if crash == nil { compare(ledger, evidence) }
        if ledger.logsWaiting != 0 { failures.append("the daemon ended with \(ledger.logsWaiting) logs waiting or in flight") }
        if !ledger.balances { failures.append("the daemon's ledger does not balance") }
    }

    private mutating func compare(_ ledger: DaemonLedger, _ evidence: Evidence) {
        if ledger.logsReceived != sent { failures.append("the daemon's ledger has \(ledger.logsReceived) logs received, but \(sent) were sent") }
        // What arrived twice and could not be known to have arrived is delivered once in the daemon's books.
        let arrived = delivered + foreign + duplicated - duplicatedInFlight
        if ledger.logsDelivered != arrived { failures.append("the daemon's ledger has \(ledger.logsDelivered) logs delivered, but \(arrived) arrived") }
        if let batches = ledger.batchesReceived, batches != evidence.totals.messages {
            failures.append("the daemon's ledger has \(batches) batches received, but \(evidence.totals.messages) were sent")
        }
        if let statuses = ledger.clientDroppedChannelFull, statuses != evidence.totals.statuses {
            failures.append("the daemon's ledger has \(statuses) logs dropped by clients, but they reported \(evidence.totals.statuses)")
        }
    }

    private mutating func judgeEnding(_ evidence: Evidence) {
        if let interruption = evidence.interruption { failures.append(interruption) }
        if evidence.totals.brokenConnections > 0 {
            failures.append("the daemon ended \(evidence.totals.brokenConnections) connections without a reason")
        }
        guard let exitCode = evidence.exitCode else {
            failures.append("the daemon did not end by itself")
            return
        }
        let expected: Int32 = (evidence.ledger?.droppedSum ?? 0) + evidence.droppedElsewhere == 0 ? 0 : 3
        if exitCode != expected { failures.append("the daemon's exit code is \(exitCode), it should be \(expected)") }
    }

    /// Where to look: the first few holes.
    private static func examples(_ evidence: Evidence) -> String {
        var examples: [String] = []
        for session in evidence.sessions where examples.count < 3 {
            let holes = evidence.record.session(session.id)?.missing(below: session.logs, runsMax: 1) ?? (session.logs > 0 ? [0..<session.logs] : [])
            if let hole = holes.first { examples.append("session \(session.id) of \(session.logs) logs lacks \(hole.lowerBound)...\(hole.upperBound - 1)") }
        }
        return examples.isEmpty ? "" : ": " + examples.joined(separator: ", ")
    }
}
