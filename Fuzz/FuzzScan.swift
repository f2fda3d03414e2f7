// libFuzzer target: one payload through everything that reads it. Compiled together with Sources/Wire by scripts/fuzz.

/// The first byte's lowest bit gives the tag, its other bits where a request is cut; the rest is the payload.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzScan(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let input = UnsafeRawBufferPointer(start: data, count: count)
    let payload = UnsafeRawBufferPointer(rebasing: input[1...]).bytes
    let result = BoundaryScan.scan(input[0] & 1 == 0 ? .message : .logs, payload)
    // Also unvalidated bytes may not trap a reader.
    _ = readLogs(payload)
    if case .logs(let scanned) = result { check(scanned, payload, cut: Int(input[0] >> 1)) }
    return 0
}

private func check(_ scanned: ScannedRequest, _ payload: RawSpan, cut: Int) {
    var request = [UInt8](repeating: 0, count: scanned.byteCount)
    request.withUnsafeMutableBytes { BoundaryScan.copyRequest(scanned, of: payload, to: $0) }
    let logs = readLogs(request.span.bytes)
    precondition(logs.count == scanned.logCount, "the reader counts otherwise than the scan")

    // The forwarded bytes are a request of their own, in one piece and with the same fields.
    guard case .logs(let again) = BoundaryScan.scan(.logs, request.span.bytes) else { preconditionFailure("forwarded bytes are invalid") }
    precondition(again.logCount == scanned.logCount && again.byteCount == scanned.byteCount && again.piece == 0..<request.count)
    precondition(again.sessionID == scanned.sessionID && again.processName == scanned.processName)

    var lines: [UInt8] = []
    NDJSON.append(request.span.bytes, sessionID: scanned.sessionID, processName: scanned.processName, logs: nil, to: &lines)
    precondition(lines.count { $0 == UInt8(ascii: "\n") } == logs.count, "one line per log")
    precondition(lines.allSatisfy { $0 >= 0x20 || $0 == UInt8(ascii: "\n") }, "a control character in a line")
    precondition(String(validating: lines, as: UTF8.self) != nil, "a line is not UTF-8")

    // Cut anywhere, the halves hold the same logs, and the same lines.
    let middle = cut % (logs.count + 1)
    var halves: [UInt8] = []
    var texts: [[UInt8]] = []
    for half in [0..<middle, middle..<logs.count] {
        let slice = RequestSlice.pieces(of: request.span.bytes, logs: half).flatMap { request[$0] }
        texts += readLogs(slice.span.bytes).map { text($0, of: slice) }
        NDJSON.append(request.span.bytes, sessionID: scanned.sessionID, processName: scanned.processName, logs: half, to: &halves)
    }
    precondition(texts == logs.map { text($0, of: request) }, "the halves hold other logs")
    precondition(halves == lines, "the halves have other lines")
    checkRecords(scanned, request, middle, logs)
}

/// OTLP, in both formats: a record for each log, the same in halves.
private func checkRecords(_ scanned: ScannedRequest, _ request: [UInt8], _ middle: Int, _ logs: [LogView]) {
    for format in OTLPRequestEncoder.Format.allCases {
        for redaction: URLRedaction in [[], [.query, .userInfo]] {
            let encoder = OTLPRequestEncoder(format: format, redaction: redaction, resource: [], version: "1")
            func records(_ range: Range<Int>?, isFirst: Bool) -> (count: Int, bytes: [UInt8]) {
                var output: [UInt8] = []
                let count = encoder.append(
                    request.span.bytes, sessionID: scanned.sessionID, processName: scanned.processName, logs: range, observed: 1, isFirst: isFirst,
                    to: &output)
                return (count, output)
            }
            let all = records(nil, isFirst: true)
            precondition(all.count == logs.count, "one record per log")
            let (first, second) = (records(0..<middle, isFirst: true), records(middle..<logs.count, isFirst: middle == 0))
            precondition(first.bytes + second.bytes == all.bytes, "the halves have other records")
            precondition(String(validating: all.bytes, as: UTF8.self) != nil || format == .protobuf, "a record is not UTF-8")
            if format == .protobuf { precondition(lengthDelimited(all.bytes) == logs.count, "records that are not one behind the other") }
        }
    }
}

/// How many fields `bytes` have, all of them length-delimited; nil when something else is there.
private func lengthDelimited(_ bytes: [UInt8]) -> Int? {
    var cursor = FieldCursor(0..<bytes.count, of: bytes.span.bytes)
    var count = 0
    while !cursor.isAtEnd {
        guard let tag = try? cursor.tag(in: bytes.span.bytes), tag & 7 == 2, (try? cursor.lengthDelimited(in: bytes.span.bytes)) != nil else { return nil }
        count += 1
    }
    return count
}

private func readLogs(_ request: RawSpan) -> [LogView] {
    var reader = LogReader()
    var logs: [LogView] = []
    while let log = reader.next(in: request) { logs.append(log) }
    return logs
}

/// All that a log says, wherever it lies.
private func text(_ log: LogView, of request: [UInt8]) -> [UInt8] {
    let numbers = "\(log.allowed) \(log.hasTime) \(log.seconds) \(log.nanos) \(log.hasHTTPRequest) \(log.sequenceNumber)"
    return Array(numbers.utf8) + [log.method, log.url, log.matchedRule].flatMap { [0xFF] + request[$0] }
}
