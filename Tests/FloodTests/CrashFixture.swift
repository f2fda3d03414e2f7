@testable import Flood

/// One session that wrote a message of ten logs every 100 ms from 1 s on (the first at 1.0 s), kills at given times, and what the sink had of it.
struct CrashFixture {
    static let second: UInt64 = 1_000_000_000

    var mode = DurabilityConfiguration.Mode.spill
    var spoolAfter: Duration?
    /// In seconds.
    var kills = [3.05]
    var messages = 40
    /// Messages that could not be written.
    var failed: Set<Int> = []
    /// Sequence numbers that never arrive.
    var missing: Set<Int32> = []
    /// Of the messages, how many were perhaps unread at a kill.
    var unread: (messages: Int, kill: Int)?
    var resends: [Resend] = []
    var arrivesAgain: [Int32] = []
    var droppedByKilled: [String: Int] = [:]
    var ledger = ["logs_received": 100, "logs_recovered": 20, "logs_delivered": 120]

    static func time(_ seconds: Double) -> UInt64 { UInt64(seconds * Double(second)) }

    var evidence: Evidence {
        var generator = SeededGenerator(seed: 4)
        let id = SessionID(using: &generator)
        var history = MessageHistory(logsPerMessage: 10)
        var killsNoted = 0
        for index in 0..<messages {
            let now = Self.second + UInt64(index) * Self.second / 10
            while killsNoted < kills.count, Self.time(kills[killsNoted]) < now {
                if let unread, unread.kill == killsNoted { history.noteUnread(unread.messages, atKill: killsNoted) }
                killsNoted += 1
            }
            if failed.contains(index) { history.failed() } else { history.wrote(at: now) }
        }
        let session = SentSession(id: id, logs: messages * 10, history: history)
        var record = DeliveryRecord()
        func deliver(_ sequence: Int32) { record.note(.init(session: id, sequence: sequence, time: 1_000_000), arrival: 2_000_000) }
        for sequence in Int32(0)..<Int32(messages * 10) where !failed.contains(Int(sequence) / 10) && !missing.contains(sequence) { deliver(sequence) }
        for sequence in arrivesAgain { deliver(sequence) }
        record.resends = resends
        record.finish()
        var totals = FleetTotals()
        totals.logs = session.logsSent
        totals.messages = session.logsSent / 10
        totals.failedMessages = failed.count
        var durability = DurabilityConfiguration()
        durability.mode = mode
        durability.spoolAfter = spoolAfter
        var evidence = Evidence(totals: totals, sessions: [session], record: record, ledger: DaemonLedger(values: ledger), exitCode: 0)
        evidence.crashes = CrashEvidence(promise: CrashPromise(durability), kills: kills.map(Self.time), droppedByKilled: droppedByKilled)
        return evidence
    }

    var verdict: Verdict { Verdict(evidence) }
}
