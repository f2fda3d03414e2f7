import Pipeline
import Wire

/// Serialised `ReportBoundaryLogsRequest`s, built by hand and read back.
enum SpoolRequest {
    static func make(
        session: String, process: String, sequence: Range<Int32>, urlBytes: Int
    ) -> (bytes: [UInt8], sessionID: Range<Int>, processName: Range<Int>) {
        var out: [UInt8] = []
        for number in sequence {
            let url = [UInt8](repeating: UInt8(ascii: "u"), count: urlBytes)
            let http = [0x0a, 3] + Array("GET".utf8) + [0x12] + varint(url.count) + url
            let log = [0x08, 1, 0x1a] + varint(http.count) + http + [0x20] + varint(Int(number))
            out += [0x0a] + varint(log.count) + log
        }
        func append(_ tag: UInt8, _ text: String) -> Range<Int> {
            if text.isEmpty { return 0..<0 }
            out += [tag] + varint(text.utf8.count) + Array(text.utf8)
            return out.count - text.utf8.count..<out.count
        }
        let sessionID = append(0x12, session)
        let processName = append(0x1a, process)
        return (out, sessionID, processName)
    }

    private static func varint(_ value: Int) -> [UInt8] {
        var value = value
        var out: [UInt8] = []
        while value >= 0x80 {
            out.append(UInt8(value & 0x7f | 0x80))
            value >>= 7
        }
        return out + [UInt8(value)]
    }

    struct Log: Hashable {
        var session: String
        var sequence: Int32
    }

    /// What a receiver would read of a delivery, batch by batch.
    static func logs(in delivery: LoadedDelivery) -> [Log] {
        var logs: [Log] = []
        for row in delivery.rows {
            var start = 0
            for count in row.batchBytes {
                logs += Self.logs(in: Array(row.bytes[start..<start + count]))
                start += count
            }
            guard start == row.bytes.count else { return [] }
        }
        return logs
    }

    /// How long the request of a batch is without its first log.
    static func bytesWithoutFirstLog(of batch: Batch) -> Int {
        RequestSlice.pieces(of: batch.request.bytes, logs: 1..<batch.logCount).reduce(0) { $0 + $1.count }
    }

    static func logs(in request: [UInt8]) -> [Log] {
        let span = request.span.bytes
        guard case .logs(let scanned) = BoundaryScan.scan(.logs, span) else { return [] }
        let session = String(decoding: request[scanned.sessionID], as: UTF8.self)
        var reader = LogReader()
        var logs: [Log] = []
        while let log = reader.next(in: span) { logs.append(Log(session: session, sequence: log.sequenceNumber)) }
        return logs
    }
}
