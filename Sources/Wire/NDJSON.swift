/// Writes logs as JSON lines (docs/protocol.md, "The JSON line").
public enum NDJSON {
    /// Appends one line per log of the valid inner `request`; only logs number `logs` of it when given.
    /// session and process are the effective values, ranges of `request`.
    public static func append(
        _ request: RawSpan, sessionID: Range<Int>, processName: Range<Int>, logs: Range<Int>?, redaction: URLRedaction = [],
        to output: inout [UInt8]
    ) {
        let writer = LineWriter(request, sessionID: sessionID, processName: processName, redaction: redaction)
        var time = RFC3339()
        var reader = LogReader()
        var number = 0
        let (first, end) = (logs?.lowerBound ?? 0, logs?.upperBound ?? .max)
        while number < end, let log = reader.next(in: request) {
            if number >= first { writer.append(log, request, &time, to: &output) }
            number &+= 1
        }
    }

    /// Appends the line of one log, as `LogReader` gave it of the valid inner `request`.
    public static func append(_ log: LogView, of request: RawSpan, sessionID: Range<Int>, processName: Range<Int>, to output: inout [UInt8]) {
        var time = RFC3339()
        LineWriter(request, sessionID: sessionID, processName: processName, redaction: []).append(log, request, &time, to: &output)
    }

    /// Bytes that the string at `range` of `request` takes in a line.
    public static func stringBytes(_ request: RawSpan, _ range: Range<Int>) -> Int { LineString(request, range).byteCount }
}

/// A string and what it takes in a line. proto3 does not tell an empty string from one that was not sent: both are null.
private struct LineString {
    let range: Range<Int>
    let byteCount: Int

    @inline(__always)
    init(_ request: RawSpan, _ range: Range<Int>) {
        self.range = range
        byteCount = range.isEmpty ? 4 : JSONString.byteCount(request, range)
    }

    @inline(__always)
    func append(_ request: RawSpan, to output: inout OutputRawSpan) {
        if range.isEmpty { output.append("null") } else { JSONString.append(request, range, byteCount: byteCount, to: &output) }
    }
}

/// A URL as it may leave.
private struct LineURL {
    private let whole: LineString
    /// Set when something may be taken out.
    private let redacted: JSONURL?

    @inline(__always)
    init(_ request: RawSpan, _ range: Range<Int>, _ redaction: URLRedaction) {
        whole = LineString(request, range)
        redacted =
            redaction.isEmpty || range.isEmpty ? nil : JSONURL(request, RedactedURL(range, URLParts(request, range), redaction))
    }

    var byteCount: Int { redacted.map { $0.byteCount &+ 2 } ?? whole.byteCount }

    @inline(__always)
    func append(_ request: RawSpan, to output: inout OutputRawSpan) {
        guard let redacted else { return whole.append(request, to: &output) }
        output.append(UInt8(ascii: "\""))
        redacted.append(request, to: &output)
        output.append(UInt8(ascii: "\""))
    }
}

/// Writes the lines of one request: each is measured first, and then written into room that is there.
private struct LineWriter {
    /// A line without its strings has fewer bytes, whatever its numbers are.
    private static var otherBytesMax: Int { 256 }

    private let session: LineString
    private let process: LineString
    private let redaction: URLRedaction

    init(_ request: RawSpan, sessionID: Range<Int>, processName: Range<Int>, redaction: URLRedaction) {
        session = LineString(request, sessionID)
        process = LineString(request, processName)
        self.redaction = redaction
    }

    @inline(__always)
    func append(_ log: LogView, _ request: RawSpan, _ time: inout RFC3339, to output: inout [UInt8]) {
        let (method, rule) = (LineString(request, log.method), LineString(request, log.matchedRule))
        let url = LineURL(request, log.url, redaction)
        let strings = method.byteCount + url.byteCount + rule.byteCount + session.byteCount + process.byteCount
        output.append(byteCountMax: strings + Self.otherBytesMax) { line in
            line.append(#"{"time":"#)
            Self.append(log, &time, to: &line)
            if log.allowed { line.append(#","allowed":true,"method":"#) } else { line.append(#","allowed":false,"method":"#) }
            method.append(request, to: &line)
            line.append(#","url":"#)
            url.append(request, to: &line)
            line.append(#","matched_rule":"#)
            rule.append(request, to: &line)
            line.append(#","session_id":"#)
            session.append(request, to: &line)
            line.append(#","sequence_number":"#)
            Self.append(Int64(log.sequenceNumber), to: &line)
            line.append(#","confined_process_name":"#)
            process.append(request, to: &line)
            line.append("}\n")
        }
    }

    /// A time that RFC 3339 has no words for is kept as the numbers that the client sent.
    @inline(__always)
    private static func append(_ log: LogView, _ time: inout RFC3339, to line: inout OutputRawSpan) {
        if log.hasTime, time.append(seconds: log.seconds, nanos: log.nanos, to: &line) { return }
        line.append("null")
        guard log.hasTime else { return }
        line.append(#","time_seconds":"#)
        append(log.seconds, to: &line)
        line.append(#","time_nanos":"#)
        append(Int64(log.nanos), to: &line)
    }

    private static func append(_ value: Int64, to line: inout OutputRawSpan) {
        if value < 0 { line.append(UInt8(ascii: "-")) }
        appendDigits(value.magnitude, to: &line)
    }

    private static func appendDigits(_ value: UInt64, to line: inout OutputRawSpan) {
        if value >= 10 { appendDigits(value / 10, to: &line) }
        line.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
    }
}
