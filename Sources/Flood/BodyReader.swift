import Glibc
import Wire

/// Reads a request's body, in either format, into a record, and checks each log against what the clients send.
struct BodyReader: Sendable {
    struct Unreadable: Error {}

    private let variants: [RequestVariants.Variant]

    init(urlBytes: Int, seed: UInt64) {
        variants = RequestVariants(urlBytes: urlBytes, seed: seed).variants
    }

    /// `arrival`: nanoseconds since 1970. All or nothing: an unreadable body leaves the record as it was. Returns the number of logs.
    func read(_ body: [UInt8], _ format: SinkConfiguration.Format, arrival: UInt64, into record: inout DeliveryRecord) throws(Unreadable) -> Int {
        switch format {
        case .protobuf: try readRequest(body, arrival, into: &record)
        case .ndjson: try readLines(body, arrival, into: &record)
        }
    }

    private func readRequest(_ body: [UInt8], _ arrival: UInt64, into record: inout DeliveryRecord) throws(Unreadable) -> Int {
        let bytes = body.span.bytes
        let request: ScannedRequest
        switch BoundaryScan.scan(.logs, bytes) {
        case .logs(let scanned): request = scanned
        case .empty: return 0
        case .status, .invalid: throw Unreadable()
        }
        let session = SessionID(text: bytes.extracting(request.sessionID))
        return body.withUnsafeBufferPointer { pointer in
            let processIsRight = Self.equal(pointer, request.processName, MessageEncoder.processName)
            var reader = LogReader()
            var logs = 0
            while let log = reader.next(in: bytes) {
                logs += 1
                let variant = variants[RequestVariants.index(forSequence: log.sequenceNumber)]
                guard let session, processIsRight, log.hasTime, log.hasHTTPRequest, log.allowed == variant.allowed,
                    log.seconds >= 0, log.seconds < 1 << 33, (0..<1_000_000_000).contains(log.nanos),
                    Self.equal(pointer, log.method, variant.method), Self.equal(pointer, log.url, variant.url),
                    Self.equal(pointer, log.matchedRule, variant.matchedRule)
                else {
                    record.noteDamaged()
                    continue
                }
                let time = UInt64(log.seconds) * 1_000_000_000 + UInt64(log.nanos)
                record.note(.init(session: session, sequence: log.sequenceNumber, time: time), arrival: arrival)
            }
            return logs
        }
    }

    private func readLines(_ body: [UInt8], _ arrival: UInt64, into record: inout DeliveryRecord) throws(Unreadable) -> Int {
        // An unreadable line must not leave half a request behind, so that the lines are read first and noted then.
        var logs: [DeliveryRecord.Log?] = []
        let readable = body.withUnsafeBufferPointer { pointer in
            var start = 0
            while start < pointer.count {
                let rest = UnsafeRawPointer(pointer.baseAddress! + start)
                let newline = memchr(rest, 0x0a, pointer.count - start)
                let end = newline.map { start + (UnsafeRawPointer($0) - rest) } ?? pointer.count
                if end > start {
                    do { logs.append(try readLine(pointer, start..<end)) } catch { return false }
                }
                start = end + 1
            }
            return true
        }
        guard readable else { throw Unreadable() }
        record.note(logs, arrival: arrival)
        return logs.count
    }

    /// nil for a damaged log.
    private func readLine(_ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>) throws(JSONScanner.Malformed) -> DeliveryRecord.Log? {
        var session: SessionID?
        var sequence: Int64 = 0
        var time: UInt64?
        var allowed = false
        var method = 0..<0, url = 0..<0, rule = 0..<0
        var processIsRight = false
        var scanner = JSONScanner(bytes, range: line)
        let names = scanner
        try scanner.members { member throws(JSONScanner.Malformed) in
            if names.equals(member.key, "session_id") {
                session = SessionID(text: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[member.value]).bytes)
            } else if names.equals(member.key, "sequence_number") {
                sequence = names.integer(member) ?? -1
            } else if names.equals(member.key, "time") {
                time = Timestamp.nanoseconds(bytes, member.value)
            } else if names.equals(member.key, "allowed") {
                allowed = names.equals(member.value, "true")
            } else if names.equals(member.key, "method") {
                method = member.value
            } else if names.equals(member.key, "url") {
                url = member.value
            } else if names.equals(member.key, "matched_rule") {
                // null: no rule.
                rule = member.kind == .literal ? 0..<0 : member.value
            } else if names.equals(member.key, "confined_process_name") {
                processIsRight = Self.equal(bytes, member.value, MessageEncoder.processName)
            }
        }
        guard let session, let time, processIsRight, let number = Int32(exactly: sequence) else { return nil }
        let variant = variants[RequestVariants.index(forSequence: number)]
        guard allowed == variant.allowed, Self.equal(bytes, method, variant.method), Self.equal(bytes, url, variant.url),
            Self.equal(bytes, rule, variant.matchedRule)
        else { return nil }
        return .init(session: session, sequence: number, time: time)
    }

    private static func equal(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ expected: [UInt8]) -> Bool {
        range.count == expected.count && (expected.isEmpty || memcmp(bytes.baseAddress! + range.lowerBound, expected, expected.count) == 0)
    }
}
