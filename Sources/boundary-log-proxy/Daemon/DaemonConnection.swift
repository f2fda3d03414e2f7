import BoundaryLogProxy
import Glibc

/// One HTTP/1.0 request to a daemon on this machine, blocking, and its answer, which may go on for as long as one likes.
final class DaemonConnection {
    struct Failure: Error {
        var text: String
    }

    enum Reading: Equatable {
        case bytes([UInt8])
        case end
        /// Nobody reads the watched stream any more.
        case outputClosed
        /// Nothing came in time, or a signal did.
        case nothing
    }

    /// Of each step until the answer's head is there.
    static let timeout = Duration.seconds(5)
    private static let headBytesMax = 64 << 10

    private let descriptor: Int32
    /// What came with the head.
    private var ahead: [UInt8] = []

    deinit { close(descriptor) }

    /// Asks, and waits for the head of a 200 answer. `path` must be fit for a request line.
    init(_ address: StatusAddress, get path: String, token: String?) throws(Failure) {
        let deadline = ContinuousClock.now + Self.timeout
        descriptor = try Self.connect(to: address, deadline: deadline)
        let host = if case .tcp(let address) = address { "\(address)" } else { "localhost" }
        let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        try Self.send("GET \(path) HTTP/1.0\r\nHost: \(host)\r\n\(authorization)\r\n", to: descriptor, deadline: deadline)
        try receiveHead(deadline)
    }

    /// What comes next. `output` is watched meanwhile, so that a command ends with the reader of what it writes, also when it has nothing to write.
    func read(within patience: Duration, watching output: StandardStream? = nil) throws(Failure) -> Reading {
        if !ahead.isEmpty {
            defer { ahead = [] }
            return .bytes(ahead)
        }
        // Errors of a descriptor are reported without being asked for; a negative one is passed over.
        var entries = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: output?.rawValue ?? -1, events: 0, revents: 0),
        ]
        guard Glibc.poll(&entries, 2, Self.milliseconds(patience)) > 0 else { return .nothing }
        if entries[1].revents != 0 { return .outputClosed }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 { return .bytes(Array(buffer[..<count])) }
        if count == 0 || errno == ECONNRESET { return .end }
        if errno == EAGAIN || errno == EINTR { return .nothing }
        throw Failure(text: String(cString: strerror(errno)))
    }

    /// The whole of a short answer.
    static func fetch(_ path: String, from address: StatusAddress, token: String?, bytesMax: Int = 4 << 20) throws(Failure) -> [UInt8] {
        let connection = try DaemonConnection(address, get: path, token: token)
        let deadline = ContinuousClock.now + timeout
        var answer: [UInt8] = []
        while true {
            switch try connection.read(within: try left(until: deadline)) {
            case .bytes(let bytes): answer += bytes
            case .end: return answer
            case .nothing, .outputClosed: break
            }
            if answer.count > bytesMax { throw Failure(text: "the answer is too long") }
        }
    }

    // MARK: Steps

    private func receiveHead(_ deadline: ContinuousClock.Instant) throws(Failure) {
        let separator = Array("\r\n\r\n".utf8)
        var answer: [UInt8] = []
        var searched = 0
        while true {
            while searched + 4 <= answer.count, !answer[searched..<(searched + 4)].elementsEqual(separator) { searched += 1 }
            if searched + 4 <= answer.count { break }
            switch try read(within: try Self.left(until: deadline)) {
            case .bytes(let bytes): answer += bytes
            case .end: throw Failure(text: "the answer is not HTTP")
            case .nothing, .outputClosed: break
            }
            if answer.count > Self.headBytesMax { throw Failure(text: "the answer is not HTTP") }
        }
        let firstLine = String(decoding: answer.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let words = firstLine.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1.") else { throw Failure(text: "the answer is not HTTP") }
        ahead = Array(answer[(searched + 4)...])
        switch words[1] {
        case "200": return
        case "401":
            throw Failure(
                text: """
                    it wants its token: set \(ConfigurationBuilder.statusTokenVariable) to what follows #token= in the address that the daemon wrote to \
                    its log when it started (each start makes another)
                    """)
        default:
            let body = String(decoding: ahead.prefix(300), as: UTF8.self).split(separator: "\n").first.map { " (\($0))" } ?? ""
            throw Failure(text: "the answer is \(words.dropFirst().joined(separator: " ").prefix(100))\(body)")
        }
    }

    private static func connect(to address: StatusAddress, deadline: ContinuousClock.Instant) throws(Failure) -> Int32 {
        switch address {
        case .unix(let path): try connect(toSocket: path)
        case .tcp(let address): try connect(to: address, deadline: deadline)
        }
    }

    private static func connect(toSocket path: String) throws(Failure) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(text: String(cString: strerror(errno))) }
        var unix = sockaddr_un()
        unix.sun_family = sa_family_t(AF_UNIX)
        // The configuration has held its length to what fits.
        withUnsafeMutableBytes(of: &unix.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &unix) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard result != 0 else { return descriptor }
        let code = errno
        close(descriptor)
        var problem = String(cString: strerror(code))
        switch code {
        case ENOENT, ECONNREFUSED: problem += " (is the daemon running, with --status-listen unix:\(path)?)"
        case EACCES: problem += " (it is for the daemon's own user and root)"
        default: break
        }
        throw Failure(text: problem)
    }

    private static func connect(to address: ListenAddress, deadline: ContinuousClock.Instant) throws(Failure) -> Int32 {
        if address.port == 0 { throw Failure(text: "port 0 stands for any free one; the daemon's first messages say which one it took") }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        // As the daemon reads it.
        let host = address.host == "localhost" ? "127.0.0.1" : address.host
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
                do { try wait(for: POLLOUT, on: descriptor, deadline) } catch {
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
            try wait(for: POLLOUT, on: descriptor, deadline)
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 { rest = rest.dropFirst(count) } else if count < 0, errno != EAGAIN, errno != EINTR {
                throw Failure(text: String(cString: strerror(errno)))
            }
        }
    }

    private static func left(until deadline: ContinuousClock.Instant) throws(Failure) -> Duration {
        let left = ContinuousClock.now.duration(to: deadline)
        if left <= .zero { throw Failure(text: "no answer within \(DurationText.format(timeout))") }
        return left
    }

    private static func wait(for events: Int32, on descriptor: Int32, _ deadline: ContinuousClock.Instant) throws(Failure) {
        while !poll(descriptor, events, try left(until: deadline)) {}
    }

    /// False when the time is up, or a signal came.
    private static func poll(_ descriptor: Int32, _ events: Int32, _ patience: Duration) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return Glibc.poll(&entry, 1, milliseconds(patience)) > 0
    }

    /// Rounded up, so that nobody spins through the last millisecond.
    private static func milliseconds(_ duration: Duration) -> Int32 { Int32(clamping: Int(duration / .milliseconds(1)) + 1) }
}
