import Wire

// The API of Wire on arrays, as tests like it.

extension BoundaryScan {
    static func scan(_ tag: FrameTag, _ payload: [UInt8]) -> ScanResult {
        scan(tag, payload.span.bytes)
    }

    /// The inner request of a payload that was scanned as `request`.
    static func copy(_ request: ScannedRequest, of payload: [UInt8]) -> [UInt8] {
        var copy = [UInt8](repeating: 0, count: request.byteCount)
        copy.withUnsafeMutableBytes { copyRequest(request, of: payload.span.bytes, to: $0) }
        return copy
    }
}

func readLogs(_ request: [UInt8]) -> [LogView] {
    var reader = LogReader()
    var logs: [LogView] = []
    while let log = reader.next(in: request.span.bytes) { logs.append(log) }
    return logs
}

func slice(_ request: [UInt8], logs: Range<Int>) -> [UInt8] {
    RequestSlice.pieces(of: request.span.bytes, logs: logs).flatMap { request[$0] }
}

func jsonLines(
    _ request: [UInt8], sessionID: Range<Int> = 0..<0, processName: Range<Int> = 0..<0, logs: Range<Int>? = nil
) -> String {
    var output: [UInt8] = []
    NDJSON.append(request.span.bytes, sessionID: sessionID, processName: processName, logs: logs, to: &output)
    return String(decoding: output, as: UTF8.self)
}
