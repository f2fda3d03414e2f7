import CBoundaryLogProxy
import EventLoop
import Glibc
import Wire

/// What a `blp_log_session` stands for: a session's next frame. From any thread.
final class LogSession: HandleTarget {
    static let kind: UInt = 0x13
    static let typeName = "blp_log_session"
    /// Of an id, and of a process's name.
    static let nameBytesMax = 4096

    private struct Content: Sendable {
        /// Logs laid end to end; the session's fields are appended when it is handed in.
        var logs: [UInt8] = []
        var nextNumber: Int32 = 0
    }
    private let content = Lock(Content())
    /// The fields that name the session and the process.
    private let fields: [UInt8]

    init(id: String, process: String) throws(APIError) {
        guard !id.isEmpty else { throw APIError(BLP_E_INVALID, "id is empty") }
        for (name, value) in [("id", id), ("process", process)] where value.utf8.count > Self.nameBytesMax {
            throw APIError(BLP_E_INVALID, "\(name) is \(value.utf8.count) bytes long; allowed are \(Self.nameBytesMax)")
        }
        var fields: [UInt8] = []
        LogEncoder.appendSession(Array(id.utf8), process: Array(process.utf8), to: &fields)
        self.fields = fields
    }

    /// `nanoseconds` since 1970.
    func append(allowed: Bool, method: String, url: String, rule: String, nanoseconds: Int64) throws(APIError) {
        try content.withLock { content throws(APIError) in
            var log: [UInt8] = []
            LogEncoder.appendLog(
                allowed: allowed, nanoseconds: nanoseconds, method: Array(method.utf8), url: Array(url.utf8), matchedRule: Array(rule.utf8),
                sequenceNumber: content.nextNumber, to: &log)
            guard content.logs.count + log.count + fields.count <= FrameDecoder.payloadBytesMax else {
                throw APIError(BLP_E_FULL, content.logs.isEmpty ? "this log alone is longer than a payload" : "the payload is full: flush it first")
            }
            content.logs += log
            // As an int32 counts.
            content.nextNumber &+= 1
        }
    }

    func flush(to proxy: HostedProxy) throws(APIError) {
        try content.withLock { content throws(APIError) in
            if content.logs.isEmpty { return }
            let payload = content.logs + fields
            // Typed throws do not pass through `withUnsafeBytes`.
            let result = payload.withUnsafeBytes { bytes in
                Result { () throws(APIError) in try proxy.submit(tag: CInt(BLP_TAG_LOGS.rawValue), bytes) }
            }
            try result.get()
            content.logs.removeAll(keepingCapacity: true)
        }
    }

    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
