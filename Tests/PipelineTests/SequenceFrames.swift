import Pipeline
import TestSupport
import Wire

/// Requests of which only session, process and sequence numbers matter.
enum SequenceFrame {
    static func bytes(_ session: String, _ numbers: [Int32], process: String = "agent") -> [UInt8] {
        var out: [UInt8] = []
        for number in numbers {
            let value = varint(UInt64(bitPattern: Int64(number)))
            // As proto3 has it, 0 is not sent.
            out += number == 0 ? [0x0a, 0] : [0x0a, UInt8(value.count + 1), 0x20] + value
        }
        if !session.isEmpty { out += [0x12] + varint(UInt64(session.utf8.count)) + Array(session.utf8) }
        if !process.isEmpty { out += [0x1a] + varint(UInt64(process.utf8.count)) + Array(process.utf8) }
        return out
    }

    static func varint(_ value: UInt64) -> [UInt8] {
        var value = value
        var out: [UInt8] = []
        while value >= 0x80 {
            out.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        return out + [UInt8(value)]
    }
}

extension SequenceAudit {
    convenience init(sessionsMax: Int = 4096, holesMax: Int = 32) {
        var limits = Limits()
        limits.sessionsMax = sessionsMax
        limits.holesMax = holesMax
        self.init(limits: limits)
    }

    /// Takes a frame with these numbers, as a tag 1 frame of connection `connection`.
    func take(_ session: String, _ numbers: [Int32], process: String = "agent", connection: UInt64 = 1, hint: inout SequenceHint) {
        let payload = SequenceFrame.bytes(session, numbers, process: process)
        guard case .logs(let request) = BoundaryScan.scan(.logs, payload.span.bytes) else { return }
        record(request, of: payload.span.bytes, connection: connection, hint: &hint)
    }

    func take(_ session: String, _ numbers: [Int32], process: String = "agent") {
        var hint = SequenceHint()
        take(session, numbers, process: process, hint: &hint)
    }

    func take(_ session: String, _ numbers: ClosedRange<Int32>) { take(session, Array(numbers)) }

    func report(_ session: String) -> SequenceReport? { recent(.max).first { $0.session == session } }
    func holes(_ session: String) -> String { report(session)?.holesText(max: .max) ?? "?" }
}
