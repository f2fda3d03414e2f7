/// What `BoundaryScan.scan` found a payload to be.
public enum ScanResult: Equatable, Sendable {
    case logs(ScannedRequest)
    /// A `BoundaryStatus` for the drop counters; negative numbers as the client sent them.
    case status(droppedChannelFull: Int64, droppedBatchFull: Int64)
    /// Valid, and without a single log.
    case empty
    case invalid(ProtobufError)
}

/// What a valid payload holds for the forwarder: the inner `ReportBoundaryLogsRequest`, its envelope stripped.
public struct ScannedRequest: Equatable, Sendable {
    /// Audit logs, at least one.
    public var logCount: Int
    /// Bytes of the inner request. By the merge law it is the concatenation of the envelope's `logs` fields since the last `status`.
    public var byteCount: Int
    /// The range of the inner request within the payload when it lies in one piece (always for tag 1); else nil.
    public var piece: Range<Int>?
    /// Where the effective (last) `session_id` and `confined_process_name` lie, relative to the inner request; empty when absent.
    public var sessionID: Range<Int>
    public var processName: Range<Int>
    /// The `sequence_number` of the first log.
    public var firstSequenceNumber: Int32 = 0
    /// Whether each log's number follows the one before (after 2147483647 comes -2147483648, as an int32 counts).
    public var isSequenceContiguous = true
}
