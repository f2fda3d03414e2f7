/// One batch (one received frame) as it lies in the ring: a view, valid until the delivery that holds it is settled.
public struct Batch {
    /// The inner `ReportBoundaryLogsRequest`, envelope stripped, validated.
    public var request: UnsafeRawBufferPointer
    /// Audit logs in it, at least one.
    public var logCount: Int
    /// The effective `session_id` and `confined_process_name`: ranges of `request`, empty when absent.
    public var sessionID: Range<Int>
    public var processName: Range<Int>
    /// When it was received.
    public var arrived: Instant
    /// Where it lies in the ring. Positions only grow.
    public var position: RingPosition

    /// A batch that lies in no ring.
    public init(request: UnsafeRawBufferPointer, logCount: Int, sessionID: Range<Int>, processName: Range<Int>, arrived: Instant) {
        self.init(request: request, logCount: logCount, sessionID: sessionID, processName: processName, arrived: arrived, position: .none)
    }

    init(
        request: UnsafeRawBufferPointer, logCount: Int, sessionID: Range<Int>, processName: Range<Int>, arrived: Instant, position: RingPosition
    ) {
        self.request = request
        self.logCount = logCount
        self.sessionID = sessionID
        self.processName = processName
        self.arrived = arrived
        self.position = position
    }
}
