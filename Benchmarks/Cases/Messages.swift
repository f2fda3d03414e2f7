import Wire

/// What boundary sends: messages of ten logs, a session's numbered on from one to the next.
final class Messages {
    struct Message {
        /// An envelope, the payload of a frame with tag 2.
        let payload: UnsafeRawBufferPointer
        /// What the scan finds in it.
        let scanned: ScannedRequest
        /// The inner request.
        let request: UnsafeRawBufferPointer
    }

    static var logsPerMessage: Int { 10 }
    private(set) var all: [Message] = []

    /// Message n is of session n % `sessions`. URLs have `urlBytes` bytes, or a few more or less than that, but on average as many.
    init(count: Int, urlBytes: Int, sessions: Int = 1) {
        for number in 0..<count {
            let payload = Self.payload(session: number % sessions, firstNumber: number / sessions * Self.logsPerMessage, urlBytes: urlBytes)
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: payload.count, alignment: 16)
            memory.copyBytes(from: payload)
            let bytes = UnsafeRawBufferPointer(memory)
            guard case .logs(let scanned) = BoundaryScan.scan(.message, bytes.bytes), let piece = scanned.piece else {
                preconditionFailure("a message that is none")
            }
            all.append(Message(payload: bytes, scanned: scanned, request: UnsafeRawBufferPointer(rebasing: bytes[piece])))
        }
    }

    deinit { for message in all { message.payload.deallocate() } }

    private static func payload(session: Int, firstNumber: Int, urlBytes: Int) -> [UInt8] {
        var request: [UInt8] = []
        for index in 0..<logsPerMessage {
            let number = firstNumber + index
            let isAllowed = number % 3 != 2
            var url = Array("https://api.example.com/v1/".utf8)
            // Lengths differ, as in life, so that no branch is always the same: 2 less to 2 more.
            while url.count < urlBytes + number % 5 - 2 { url.append(UInt8(ascii: "a") + UInt8(url.count % 26)) }
            LogEncoder.appendLog(
                allowed: isAllowed, nanoseconds: 1_795_447_957_414_790_379 + Int64(number) * 1_234_567, method: Array("GET".utf8), url: url,
                matchedRule: isAllowed ? Array("domain=*.example.com".utf8) : [], sequenceNumber: Int32(number), to: &request)
        }
        let id = "d401b2fd-3509-42c0-abae-2adeb7babe" + String(10 + session)
        LogEncoder.appendSession(Array(id.utf8), process: Array("claude-code".utf8), to: &request)
        return [1 << 3 | 2] + varint(request.count) + request
    }

    private static func varint(_ value: Int) -> [UInt8] {
        value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
    }
}
