import Glibc

@testable import Flood

/// As much of a client of coderd as it takes to make calls: one yamux stream, call after call, each in a WebSocket message of its own.
final class RawAgentClient {
    private let descriptor: Int32
    private var calls = 0
    private var received: [UInt8] = []

    /// Dials and waits for the upgrade.
    init(port: Int, token: String, query: String = "version=2.7&role=boundary-log-proxy") throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard result == 0 else { throw FloodError.system("cannot connect to the stand-in") }
        try write(Array("""
            GET /api/v2/workspaceagents/me/rpc?\(query) HTTP/1.1\r
            Host: localhost\r
            Coder-Session-Token: \(token)\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            \r\n
            """.utf8))
        try receive { $0.firstRange(of: "\r\n\r\n".utf8) != nil }
        let status = String(decoding: received.prefix(12).suffix(3), as: UTF8.self)
        guard status == "101" else { throw FloodError("the upgrade was answered with \(status)") }
    }

    deinit { close(descriptor) }

    /// Sends a `ReportBoundaryLogs` without waiting for its answer. `request` has at most 60,000 bytes.
    func send(_ request: [UInt8]) throws {
        calls += 1
        var frames: [UInt8] = []
        append(Array("/coder.agent.v2.Agent/ReportBoundaryLogs".utf8), kind: 1, message: 1, to: &frames)
        append(request, kind: 2, message: 2, to: &frames)
        append([], kind: 6, message: 3, to: &frames)
        // SYN with the first call.
        let message: [UInt8] = [0, 0, 0, calls == 1 ? 1 : 0, 0, 0, 0, 1, 0, 0, UInt8(frames.count >> 8), UInt8(frames.count & 255)] + frames
        // A binary message, masked with zeros.
        try write([0x82, 0x80 | 126, UInt8(message.count >> 8), UInt8(message.count & 255), 0, 0, 0, 0] + message)
    }

    func call(_ request: [UInt8]) throws {
        try send(request)
        // The close send of the answer, which comes last: kind 6, done, our stream, message 2, empty.
        let end = [0x0d] + varint(calls) + [2, 0]
        try receive { $0.suffix(end.count) == end[...] }
    }

    private func append(_ data: [UInt8], kind: UInt8, message: UInt8, to frames: inout [UInt8]) {
        frames += [kind << 1 | 1] + varint(calls) + [message] + varint(data.count) + data
    }

    private func varint(_ value: Int) -> [UInt8] {
        value > 127 ? [UInt8(value & 127) | 0x80] + varint(value >> 7) : [UInt8(value)]
    }

    private func write(_ bytes: [UInt8]) throws {
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { throw FloodError.system("cannot write to the stand-in") }
    }

    private func receive(until isComplete: ([UInt8]) -> Bool) throws {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while !isComplete(received) {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { throw FloodError("the stand-in closed the connection") }
            received += chunk[..<count]
        }
    }
}
