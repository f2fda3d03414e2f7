import Pipeline
import Wire

/// Builds serialised `ReportBoundaryLogsRequest`s by hand: each log has a sequence number and a URL of a given length.
enum Request {
    static func bytes(session: String, process: String = "agent", sequence: Range<Int32>, urlBytes: Int = 20) -> [UInt8] {
        var out: [UInt8] = []
        for number in sequence {
            let url = [UInt8](repeating: UInt8(ascii: "u"), count: urlBytes)
            let http = [0x0a, 3] + Array("GET".utf8) + [0x12] + varint(url.count) + url
            let log = [0x08, 1, 0x1a] + varint(http.count) + http + [0x20] + varint(Int(number))
            out += [0x0a] + varint(log.count) + log
        }
        if !session.isEmpty { out += [0x12] + varint(session.utf8.count) + Array(session.utf8) }
        if !process.isEmpty { out += [0x1a] + varint(process.utf8.count) + Array(process.utf8) }
        return out
    }

    static func varint(_ value: Int) -> [UInt8] {
        var value = value
        var out: [UInt8] = []
        while value >= 0x80 {
            out.append(UInt8(value & 0x7f | 0x80))
            value >>= 7
        }
        return out + [UInt8(value)]
    }

    /// The (session, sequence) pairs that a delivery carries, as its receiver would read them.
    static func logs(in delivery: Delivery) -> [(session: String, sequence: Int32)] {
        var result: [(session: String, sequence: Int32)] = []
        for batch in delivery.batches {
            let session = String(decoding: batch.request[batch.sessionID], as: UTF8.self)
            let span = batch.request.bytes
            var reader = LogReader()
            while let log = reader.next(in: span) { result.append((session, log.sequenceNumber)) }
        }
        if let logs = delivery.logs { return Array(result[logs]) }
        return result
    }
}

extension Forwarder {
    /// Offers a payload as a tag 1 frame.
    @discardableResult
    func offer(_ payload: [UInt8], at now: Instant = Instant(nanoseconds: 0), hint: inout LaneHint) -> FanOut.Admission? {
        let span = payload.span.bytes
        guard case .logs(let request) = BoundaryScan.scan(.logs, span) else { return nil }
        return FanOut([self]).admit(request, of: span, arrived: now, hint: &hint)
    }

    @discardableResult
    func offer(_ payload: [UInt8], at now: Instant = Instant(nanoseconds: 0)) -> FanOut.Admission? {
        var hint = LaneHint()
        return offer(payload, at: now, hint: &hint)
    }

    /// Offered, and not taken: it was dropped.
    func drops(_ payload: [UInt8]) -> Bool {
        guard case .takenDropping(_, let takers) = offer(payload) else { return false }
        return !takers.contains(0)
    }

    /// All that can be sent now, handed to the reporter.
    func pump(_ now: Instant, _ reporter: ModelReporter) -> [Delivery] {
        var sent: [Delivery] = []
        while case .send(let delivery) = step(now) {
            reporter.send(delivery) { _ in }
            sent.append(delivery)
        }
        return sent
    }
}
