/// The field tags of `coder.agent.v2.ReportBoundaryLogsRequest`.
enum RequestTag {
    static var logs: UInt64 { 1 << 3 | 2 }
    static var sessionID: UInt64 { 2 << 3 | 2 }
    static var processName: UInt64 { 3 << 3 | 2 }
}

/// What the scan gathers of a request, over all the pieces that it comes in.
struct RequestFields {
    private var logCount = 0
    private var byteCount = 0
    private var piece: Range<Int>? = 0..<0
    private var sessionID = 0..<0
    private var processName = 0..<0
    private var firstSequenceNumber: Int32 = 0
    private var nextSequenceNumber: Int32 = 0
    private var sequenceBreaks = false

    /// Validates the piece that lies at `range` of the payload and adds it.
    mutating func read(_ payload: RawSpan, _ range: Range<Int>) throws(ProtobufError) {
        // From a position in the payload to one in the inner request.
        let shift = byteCount &- range.lowerBound
        var logs = 0
        var log = LogView()
        var next = nextSequenceNumber
        var cursor = FieldCursor(range, of: payload)
        while !cursor.isAtEnd {
            let tag = try cursor.tag(in: payload)
            switch tag {
            case RequestTag.logs:
                log.sequenceNumber = 0
                try LogFields<LogValidation>.read(payload, cursor.lengthDelimited(in: payload), into: &log)
                logs &+= 1
                if log.sequenceNumber != next { sequenceBroke(at: log.sequenceNumber, isFirst: logCount &+ logs == 1) }
                next = log.sequenceNumber &+ 1
            case RequestTag.sessionID:
                sessionID = Self.shifted(try cursor.string(in: payload, validating: true), by: shift)
            case RequestTag.processName:
                processName = Self.shifted(try cursor.string(in: payload, validating: true), by: shift)
            default:
                try cursor.skip(tag, in: payload)
            }
        }
        logCount &+= logs
        nextSequenceNumber = next
        if !range.isEmpty {
            piece = byteCount == 0 ? range : nil
            byteCount &+= range.count
        }
    }

    /// Once for most requests: the first log follows none.
    @inline(never)
    private mutating func sequenceBroke(at number: Int32, isFirst: Bool) {
        if isFirst { firstSequenceNumber = number } else { sequenceBreaks = true }
    }

    var result: ScanResult {
        guard logCount > 0 else { return .empty }
        return .logs(ScannedRequest(
            logCount: logCount, byteCount: byteCount, piece: piece, sessionID: sessionID, processName: processName,
            firstSequenceNumber: firstSequenceNumber, isSequenceContiguous: !sequenceBreaks))
    }

    @inline(__always)
    private static func shifted(_ range: Range<Int>, by distance: Int) -> Range<Int> {
        range.lowerBound &+ distance..<range.upperBound &+ distance
    }
}
