import Glibc

/// Asks a daemon on 127.0.0.1 for its metrics, again and again, without ever waiting for it: each step goes as far as it can.
final class MetricsProbe {
    private static let request = Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
    private static let answerBytesMax = 1 << 20

    let port: UInt16
    /// The last whole answer of the daemon of now; nil before the first.
    private(set) var latest: DaemonMetrics?
    /// When that answer was asked for, in monotonic nanoseconds.
    private(set) var latestAskedAt: UInt64 = 0
    private var descriptor: Int32 = -1
    private var askedAt: UInt64 = 0
    private var answer: [UInt8] = []

    /// A port that nobody listens on just now.
    init() throws(FloodError) {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { throw .system("cannot make a socket") }
        defer { close(probe) }
        var address = Self.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(probe, $0, length) == 0 ? getsockname(probe, $0, &length) : -1 }
        }
        guard result == 0 else { throw .system("cannot find a free port") }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { hangUp() }

    /// To be called now and then.
    func step(now: UInt64) {
        if descriptor < 0 { ask(now) } else { listen() }
    }

    /// The daemon is dead; what it said last is returned.
    func forget() -> DaemonMetrics? {
        hangUp()
        defer { latest = nil }
        return latest
    }

    private func ask(_ now: UInt64) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = Self.loopback(port: port)
        // Over the loopback a connection is made or refused at once.
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard result == 0, send(descriptor, Self.request, Self.request.count, Int32(MSG_NOSIGNAL)) == Self.request.count else { return hangUp() }
        askedAt = now
    }

    private func listen() {
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            if count < 0, errno == EAGAIN { return }
            if count < 0, errno == EINTR { continue }
            if count > 0, answer.count < Self.answerBytesMax {
                answer += chunk[..<count]
                continue
            }
            if count == 0, let metrics = DaemonMetrics(answer: answer) {
                latest = metrics
                latestAskedAt = askedAt
            }
            return hangUp()
        }
    }

    private func hangUp() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        answer.removeAll(keepingCapacity: true)
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
