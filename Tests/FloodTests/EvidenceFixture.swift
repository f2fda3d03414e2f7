@testable import Flood

/// Three sessions of 100 logs in 30 messages, all delivered, but for the faults that a test plants.
struct EvidenceFixture {
    var withhold: [(session: Int, sequences: Range<Int32>)] = []
    /// Arrive after all others.
    var extra: [(session: Int, sequence: Int32)] = []
    var swap: (session: Int, first: Int32, second: Int32)?
    var ledger = [
        "logs_received": 300, "logs_delivered": 300, "logs_dropped_buffer_full": 0, "logs_dropped_forward_failed": 0,
        "logs_dropped_shutdown": 0, "logs_waiting": 0, "logs_in_flight": 0, "batches_received": 30, "client_dropped_channel_full": 0,
    ]
    var hasLedger = true
    var exitCode: Int32? = 0
    var interruption: String?
    var brokenConnections = 0
    var coder: CoderRecord?

    var evidence: Evidence {
        var generator = SeededGenerator(seed: 9)
        let sessions = (0..<3).map { _ in SentSession(id: SessionID(using: &generator), logs: 100) }
        var record = DeliveryRecord()
        func deliver(_ session: Int, _ sequence: Int32) {
            record.note(.init(session: sessions[session].id, sequence: sequence, time: 1_000_000), arrival: 2_000_000)
        }
        for sequence in Int32(0)..<100 {
            for session in 0..<3 {
                var sequence = sequence
                if let swap, swap.session == session {
                    if sequence == swap.first { sequence = swap.second } else if sequence == swap.second { sequence = swap.first }
                }
                if withhold.contains(where: { $0.session == session && $0.sequences.contains(sequence) }) { continue }
                deliver(session, sequence)
            }
        }
        for (session, sequence) in extra { deliver(session, sequence) }
        record.coder = coder
        record.finish()
        var totals = FleetTotals()
        totals.logs = 300
        totals.messages = 30
        totals.brokenConnections = brokenConnections
        return Evidence(
            totals: totals, sessions: sessions, record: record, ledger: hasLedger ? DaemonLedger(values: ledger) : nil,
            exitCode: exitCode, interruption: interruption)
    }
}
