/// Writes what boundary writes: a `ReportBoundaryLogsRequest`, piece by piece. By the merge law pieces laid end to end are one request.
public enum LogEncoder {
    /// One log, as a `logs` field. Text is not looked at: whoever sends the bytes has them scanned.
    /// - Parameter nanoseconds: since 1970-01-01T00:00:00Z; negative before.
    public static func appendLog(
        allowed: Bool, nanoseconds: Int64, method: [UInt8], url: [UInt8], matchedRule: [UInt8], sequenceNumber: Int32, to output: inout [UInt8]
    ) {
        var request: [UInt8] = []
        appendField(1, method, to: &request)
        appendField(2, url, to: &request)
        appendField(3, matchedRule, to: &request)

        // Rounded down, so that the rest counts upwards, as a Timestamp's must.
        var (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        if rest < 0 {
            seconds -= 1
            rest += 1_000_000_000
        }
        var time: [UInt8] = []
        appendVarint(1, UInt64(bitPattern: seconds), to: &time)
        appendVarint(2, UInt64(rest), to: &time)

        var log: [UInt8] = []
        appendVarint(1, allowed ? 1 : 0, to: &log)
        appendMessage(2, time, to: &log)
        appendMessage(3, request, to: &log)
        // As int32 is written: a negative one in ten bytes.
        appendVarint(4, UInt64(bitPattern: Int64(sequenceNumber)), to: &log)
        appendMessage(1, log, to: &output)
    }

    /// Whose logs they are; empty text is left out.
    public static func appendSession(_ session: [UInt8], process: [UInt8], to output: inout [UInt8]) {
        appendField(2, session, to: &output)
        appendField(3, process, to: &output)
    }

    private static func appendField(_ number: UInt64, _ text: [UInt8], to output: inout [UInt8]) {
        if !text.isEmpty { appendMessage(number, text, to: &output) }
    }

    private static func appendMessage(_ number: UInt64, _ bytes: [UInt8], to output: inout [UInt8]) {
        output.append(varint: number << 3 | 2)
        output.append(varint: UInt64(bytes.count))
        output += bytes
    }

    /// Zero is left out, as proto3 has it.
    private static func appendVarint(_ number: UInt64, _ value: UInt64, to output: inout [UInt8]) {
        guard value != 0 else { return }
        output.append(varint: number << 3)
        output.append(varint: value)
    }
}
