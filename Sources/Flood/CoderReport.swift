/// Reads the answers of the stand-in for coderd (Tests/Interop/README.md).
enum CoderReport {
    struct Unreadable: Error {}

    /// A whole number of the object in `line`.
    static func integer(_ name: String, in line: [UInt8]) -> Int? {
        (try? numbers(line))?[name]
    }

    /// Puts the books into `record`.
    static func read(_ line: [UInt8], into record: inout DeliveryRecord) throws -> CoderRecord {
        let numbers = try numbers(line)
        func number(_ name: String) -> Int { numbers[name] ?? 0 }
        var coder = CoderRecord()
        coder.dials = number("dials")
        coder.dialsRefused = numbers.filter { $0.key.hasPrefix("dials_refused_") }.values.reduce(0, +)
        coder.sessions = number("sessions_opened")
        coder.kills = number("sessions_killed")
        coder.callsInFlightAtKills = number("calls_in_flight_at_kills")
        coder.logsInFlightAtKills = number("logs_in_flight_at_kills")
        coder.duplicatesInFlight = number("duplicates_in_flight")
        record.logs = number("logs")
        record.duplicates = number("duplicates")
        record.outOfOrder = number("out_of_order")
        record.impossible = number("impossible")
        record.damaged = number("damaged")
        record.bytes = number("bytes")
        record.requests = number("calls")
        record.unreadable = number("calls_malformed") + number("calls_unknown")
        record.firstArrival = monotonic(number("first_arrival_ns"))
        record.lastArrival = monotonic(number("last_arrival_ns"))
        var hasSessions = false
        try members(of: line, 0..<line.count) { bytes, member in
            let key = String(decoding: bytes[member.key], as: UTF8.self)
            switch key {
            case "sessions":
                hasSessions = true
                try readSessions(line, member.value, into: &record)
            case "violations":
                try members(of: line, member.value) { bytes, violation in
                    coder.violations[String(decoding: bytes[violation.key], as: UTF8.self)] = Int(String(decoding: bytes[violation.value], as: UTF8.self)) ?? 1
                }
            case "latency_us": try readLatency(bytes[member.value], into: &record)
            default: break
            }
        }
        guard hasSessions else { throw Unreadable() }
        return coder
    }

    private static func readSessions(_ line: [UInt8], _ range: Range<Int>, into record: inout DeliveryRecord) throws {
        try members(of: line, range) { bytes, session in
            // A session whose id is no UUID is none of ours: its logs arrived, and not as they were sent.
            let id = SessionID(text: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[session.key]).bytes)
            var books = id.map(SessionRecord.init(id:))
            try members(of: line, session.value) { bytes, member in
                let key = String(decoding: bytes[member.key], as: UTF8.self)
                let value = bytes[member.value]
                if key == "ranges" {
                    for text in value.split(separator: UInt8(ascii: ",")) {
                        let ends = text.split(separator: UInt8(ascii: "-")).map { Int32(String(decoding: $0, as: UTF8.self)) }
                        guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last, ends.count <= 2 else { throw Unreadable() }
                        books?.insert(first...last)
                    }
                } else if key == "logs", id == nil {
                    record.damaged += Int(String(decoding: value, as: UTF8.self)) ?? 0
                }
            }
            if let books { record.add(books) }
        }
    }

    private static func readLatency(_ text: Slice<UnsafeBufferPointer<UInt8>>, into record: inout DeliveryRecord) throws {
        for entry in text.split(separator: UInt8(ascii: ",")) {
            let parts = entry.split(separator: UInt8(ascii: ":")).map { UInt64(String(decoding: $0, as: UTF8.self)) }
            guard parts.count == 2, let value = parts[0], let count = parts[1] else { throw Unreadable() }
            _ = record.latency.record(min(value, 3_600_000_000), count: count)
        }
    }

    private static func numbers(_ line: [UInt8]) throws -> [String: Int] {
        var numbers: [String: Int] = [:]
        try members(of: line, 0..<line.count) { bytes, member in
            if member.kind == .number, let value = Int(String(decoding: bytes[member.value], as: UTF8.self)) {
                numbers[String(decoding: bytes[member.key], as: UTF8.self)] = value
            }
        }
        return numbers
    }

    /// The members of the object that fills `range` of `line`.
    private static func members(
        of line: [UInt8], _ range: Range<Int>, _ body: (UnsafeBufferPointer<UInt8>, JSONScanner.Member) throws -> Void
    ) throws {
        try line.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes, range: range)
            var failure: (any Error)?
            try scanner.members { member throws(JSONScanner.Malformed) in
                do { try body(bytes, member) } catch {
                    failure = error
                    throw JSONScanner.Malformed()
                }
            }
            if let failure { throw failure }
        }
    }

    /// The monotonic time of a moment given in nanoseconds since 1970; nil for 0.
    private static func monotonic(_ wall: Int) -> UInt64? {
        guard wall > 0 else { return nil }
        let age = Int64(SystemClock.wall) - Int64(wall)
        return UInt64(max(0, Int64(SystemClock.monotonic) - age))
    }
}
