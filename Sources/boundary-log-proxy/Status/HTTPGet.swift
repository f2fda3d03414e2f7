import BoundaryLogProxy
import Glibc

/// One blocking HTTP/1.0 request: enough to ask a daemon on this machine how it is.
enum HTTPGet {
    struct Failure: Error {
        var text: String
    }

    /// A status is a few kilobytes.
    static let answerBytesMax = 4 << 20
    static let timeout = Duration.seconds(5)

    /// The body of a 200 answer. `path` must be fit for a request line.
    static func fetch(_ path: String, from address: ListenAddress) throws(Failure) -> [UInt8] {
        let deadline = ContinuousClock.now + timeout
        let descriptor = try connect(to: address, deadline: deadline)
        defer { close(descriptor) }
        try send("GET \(path) HTTP/1.0\r\nHost: \(address)\r\nAccept: application/json\r\n\r\n", to: descriptor, deadline: deadline)
        return try body(of: try receive(from: descriptor, deadline: deadline))
    }

    private static func connect(to address: ListenAddress, deadline: ContinuousClock.Instant) throws(Failure) -> Int32 {
        if address.port == 0 { throw Failure(text: "port 0 stands for any free one; the daemon's first messages say which one it took") }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        // A listener on every address is reached by the loopback one.
        let host = ["0.0.0.0": "127.0.0.1", "::": "::1"][address.host] ?? address.host
        let result = getaddrinfo(host, "\(address.port)", &hints, &found)
        if result != 0 { throw Failure(text: String(cString: gai_strerror(result))) }
        defer { freeaddrinfo(found) }
        var problem = "no address"
        var next = found
        while let candidate = next {
            defer { next = candidate.pointee.ai_next }
            let type = candidate.pointee.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let descriptor = socket(candidate.pointee.ai_family, type, candidate.pointee.ai_protocol)
            if descriptor < 0 { continue }
            var code: Int32 = 0
            if Glibc.connect(descriptor, candidate.pointee.ai_addr, candidate.pointee.ai_addrlen) != 0 { code = errno }
            if code == EINPROGRESS {
                do { try wait(for: POLLOUT, on: descriptor, deadline: deadline) } catch {
                    close(descriptor)
                    throw error
                }
                var length = socklen_t(MemoryLayout<Int32>.size)
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
            }
            if code == 0 { return descriptor }
            close(descriptor)
            problem = String(cString: strerror(code))
            if code == ECONNREFUSED { problem += " (is the daemon running?)" }
        }
        throw Failure(text: problem)
    }

    private static func send(_ request: String, to descriptor: Int32, deadline: ContinuousClock.Instant) throws(Failure) {
        var rest = Array(request.utf8)[...]
        while !rest.isEmpty {
            try wait(for: POLLOUT, on: descriptor, deadline: deadline)
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 { rest = rest.dropFirst(count) } else if count < 0, errno != EAGAIN, errno != EINTR {
                throw Failure(text: String(cString: strerror(errno)))
            }
        }
    }

    private static func receive(from descriptor: Int32, deadline: ContinuousClock.Instant) throws(Failure) -> [UInt8] {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            try wait(for: POLLIN, on: descriptor, deadline: deadline)
            let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count == 0 { return answer }
            if count < 0 {
                if errno == EAGAIN || errno == EINTR { continue }
                throw Failure(text: String(cString: strerror(errno)))
            }
            answer += buffer[..<count]
            if answer.count > answerBytesMax { throw Failure(text: "the answer is too long") }
        }
    }

    private static func wait(for events: Int32, on descriptor: Int32, deadline: ContinuousClock.Instant) throws(Failure) {
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            if left <= .zero { throw Failure(text: "no answer within \(DurationText.format(timeout))") }
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            // Rounded up, so that it does not spin through the last millisecond.
            let result = poll(&entry, 1, Int32(clamping: left / .milliseconds(1) < 1 ? 1 : Int(left / .milliseconds(1)) + 1))
            if result > 0 { return }
            if result < 0, errno != EINTR { throw Failure(text: String(cString: strerror(errno))) }
        }
    }

    private static func body(of answer: [UInt8]) throws(Failure) -> [UInt8] {
        let separator = Array("\r\n\r\n".utf8)
        var end = 0
        while end + 4 <= answer.count, !answer[end..<(end + 4)].elementsEqual(separator) { end += 1 }
        let firstLine = String(decoding: answer.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let words = firstLine.split(separator: " ", maxSplits: 2)
        guard end + 4 <= answer.count, words.count >= 2, words[0].hasPrefix("HTTP/1.") else { throw Failure(text: "the answer is not HTTP") }
        guard words[1] == "200" else { throw Failure(text: "the answer is \(words.dropFirst().joined(separator: " ").prefix(100))") }
        return Array(answer[(end + 4)...])
    }
}
