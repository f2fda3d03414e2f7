import Wire

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

/// A text as a `string` field of one-byte tag and length.
func stringField(_ number: UInt8, _ text: String) -> [UInt8] { bytesField(number, Array(text.utf8)) }

func bytesField(_ number: UInt8, _ value: [UInt8]) -> [UInt8] {
    precondition(number < 16 && value.count < 1 << 14)
    let length = value.count < 128 ? [UInt8(value.count)] : [UInt8(value.count & 0x7F) | 0x80, UInt8(value.count >> 7)]
    return [number << 3 | 2] + length + value
}
