/// The records of one batch, one after the other, and what they share. Ranges are of the request.
struct OTLPBatch {
    let sessionID: Range<Int>
    let processName: Range<Int>
    let observedTimeUnixNano: UInt64
    /// Records that were given.
    private(set) var recordCount = 0

    private let filter: OTLPRequestEncoder.Filter
    private let redaction: URLRedaction
    private let end: Int
    private let first: Int
    private var reader = LogReader()
    private var number = 0
    /// Before the last record.
    private var before: (reader: LogReader, number: Int) = (LogReader(), 0)

    /// `logs`: only these numbers of the request's, when given.
    init(
        sessionID: Range<Int>, processName: Range<Int>, observedTimeUnixNano: UInt64, logs: Range<Int>?, _ filter: OTLPRequestEncoder.Filter,
        _ redaction: URLRedaction
    ) {
        self.sessionID = sessionID
        self.processName = processName
        self.observedTimeUnixNano = observedTimeUnixNano
        self.filter = filter
        self.redaction = redaction
        (first, end) = (logs?.lowerBound ?? 0, logs?.upperBound ?? .max)
    }

    /// Whether there is one more record to be sent, which is then in `record`.
    @inline(__always)
    mutating func next(in request: RawSpan, into record: inout OTLPRecord) -> Bool {
        before = (reader, number)
        while number < end, reader.next(in: request, into: &record.log) {
            number &+= 1
            guard number > first, filter == .all || !record.log.allowed else { continue }
            recordCount &+= 1
            record.analyse(request, redaction)
            return true
        }
        return false
    }

    /// Gives the last record once more at the next call.
    mutating func takeBack() {
        (reader, number) = before
        recordCount &-= 1
    }
}
