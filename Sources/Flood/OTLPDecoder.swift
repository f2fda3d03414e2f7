import Glibc

/// Reads OTLP bodies with OpenTelemetry's own definitions, which are Python's: a program beside the flood (Tests/Interop/otlp/decoder.py, which says what
/// they tell each other), which also holds each record against what the clients send.
///
/// Of one thread. It waits for the program: what that takes is what the sink takes.
final class OTLPDecoder {
    struct Failed: Error {}

    private static let recordBytes = 52
    private let child: SocketChild
    private let messagesPath: String

    /// `directory` takes what the logs must carry, and what the program says on standard error.
    init(path: String, _ configuration: FloodConfiguration, directory: String) throws(FloodError) {
        messagesPath = directory + "/decoder-messages"
        let expectationPath = directory + "/otlp-expected"
        try FileBytes.write(Array(LogExpectation.json(configuration).utf8), to: expectationPath)
        child = try SocketChild("the decoder of OTLP", path: path, arguments: [expectationPath], messagesPath: messagesPath)
        // It says that it is ready, with the count of no records.
        guard let greeting = try? read(4), greeting == [0, 0, 0, 0] else {
            child.end()
            throw FloodError("the decoder of OTLP did not start: \(messages)")
        }
    }

    /// What it said on standard error.
    var messages: String { String(decoding: FileBytes.read(messagesPath) ?? [], as: UTF8.self) }

    /// The logs of `body`, nil for one that is not as it was sent, and a digest of them that is the same for the same logs: the time of arrival, which a
    /// daemon that was started anew may tell otherwise, is not in it. nil: the body cannot be read.
    func read(_ body: [UInt8], isJSON: Bool) throws(Failed) -> (logs: [DeliveryRecord.Log?], digested: [UInt8])? {
        var head = withUnsafeBytes(of: UInt32(body.count).littleEndian) { Array($0) }
        head.append(isJSON ? 1 : 0)
        try write(head)
        try write(body)
        let count = try read(4).withUnsafeBytes { Int32(littleEndian: $0.loadUnaligned(as: Int32.self)) }
        guard count >= 0 else { return nil }
        let answer = try read(Int(count) * Self.recordBytes)
        let logs = answer.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: Self.recordBytes).map { Self.log(UnsafeRawBufferPointer(rebasing: bytes[$0..<$0 + Self.recordBytes])) }
        }
        return (logs, answer)
    }

    func end() { child.end() }

    private static func log(_ record: UnsafeRawBufferPointer) -> DeliveryRecord.Log? {
        guard record[40] == 0, let session = SessionID(text: UnsafeRawBufferPointer(rebasing: record[..<36]).bytes) else { return nil }
        return .init(
            session: session, sequence: Int32(littleEndian: record.loadUnaligned(fromByteOffset: 36, as: Int32.self)),
            time: UInt64(littleEndian: record.loadUnaligned(fromByteOffset: 44, as: UInt64.self)))
    }

    private func write(_ bytes: [UInt8]) throws(Failed) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { send(child.descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { throw Failed() }
            sent += count
        }
    }

    private func read(_ count: Int) throws(Failed) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let more = bytes.withUnsafeMutableBytes { Glibc.read(child.descriptor, $0.baseAddress! + filled, count - filled) }
            if more < 0, errno == EINTR { continue }
            if more <= 0 { throw Failed() }
            filled += more
        }
        return bytes
    }
}
