/// All that a verdict rests on: what the clients sent, what the sink has, what the daemon says.
public struct Evidence: Sendable {
    public var totals: FleetTotals
    public var sessions: [SentSession]
    public var record: DeliveryRecord
    /// nil when the daemon wrote none.
    public var ledger: DaemonLedger?
    /// What the daemon dropped that was for other destinations.
    public var droppedElsewhere = 0
    /// nil when a signal ended the daemon.
    public var exitCode: Int32?
    /// nil where nobody killed the daemon; then the ledger and the exit code are of the one process, else of the last.
    public var crashes: CrashEvidence?
    /// The run could not be brought to its end, in words.
    public var interruption: String?

    public init(
        totals: FleetTotals, sessions: [SentSession], record: DeliveryRecord, ledger: DaemonLedger?, exitCode: Int32?,
        interruption: String? = nil
    ) {
        self.totals = totals
        self.sessions = sessions
        self.record = record
        self.ledger = ledger
        self.exitCode = exitCode
        self.interruption = interruption
    }
}
