/// Writes logs as JSON lines (docs/protocol.md, "The JSON line").
public enum NDJSON {
    /// Appends one line per log of the valid inner `request`; only logs number `logs` of it when given.
    /// session and process are the effective values, ranges of `request`.
    public static func append(
        _ request: RawSpan, sessionID: Range<Int>, processName: Range<Int>, logs: Range<Int>?, to output: inout [UInt8]
    ) {
        var reader = LogReader()
        var number = 0
        while logs.map({ number < $0.upperBound }) ?? true, let log = reader.next(in: request) {
            if logs?.contains(number) ?? true {
                appendLine(log, request, sessionID: sessionID, processName: processName, to: &output)
            }
            number += 1
        }
    }

    /// Bytes that the string at `range` of `request` takes in a line.
    public static func stringBytes(_ request: RawSpan, _ range: Range<Int>) -> Int {
        range.isEmpty ? "null".utf8.count : JSONString.byteCount(request, range)
    }

    private static func appendLine(
        _ log: LogView, _ request: RawSpan, sessionID: Range<Int>, processName: Range<Int>, to output: inout [UInt8]
    ) {
        output.append(#"{"time":"#)
        appendTime(log, to: &output)
        if log.allowed { output.append(#","allowed":true,"method":"#) } else { output.append(#","allowed":false,"method":"#) }
        appendString(request, log.method, to: &output)
        output.append(#","url":"#)
        appendString(request, log.url, to: &output)
        output.append(#","matched_rule":"#)
        appendString(request, log.matchedRule, to: &output)
        output.append(#","session_id":"#)
        appendString(request, sessionID, to: &output)
        output.append(#","sequence_number":"#)
        appendInteger(Int64(log.sequenceNumber), to: &output)
        output.append(#","confined_process_name":"#)
        appendString(request, processName, to: &output)
        output.append("}\n")
    }

    /// A time that RFC 3339 has no words for is kept as the numbers that the client sent.
    @inline(__always)
    private static func appendTime(_ log: LogView, to output: inout [UInt8]) {
        if log.hasTime, RFC3339.append(seconds: log.seconds, nanos: log.nanos, to: &output) { return }
        output.append("null")
        guard log.hasTime else { return }
        output.append(#","time_seconds":"#)
        appendInteger(log.seconds, to: &output)
        output.append(#","time_nanos":"#)
        appendInteger(Int64(log.nanos), to: &output)
    }

    /// proto3 does not tell an empty string from one that was not sent: both are null.
    @inline(__always)
    private static func appendString(_ request: RawSpan, _ range: Range<Int>, to output: inout [UInt8]) {
        if range.isEmpty { output.append("null") } else { JSONString.append(request, range, to: &output) }
    }

    private static func appendInteger(_ value: Int64, to output: inout [UInt8]) {
        if value < 0 { output.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        var divisor: UInt64 = 1
        while rest / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / divisor))
            rest %= divisor
            divisor /= 10
        }
    }
}
