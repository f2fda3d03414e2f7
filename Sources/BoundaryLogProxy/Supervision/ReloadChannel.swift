import Glibc

/// How `boundary-log-proxy reload` learns what came of its SIGHUP: it listens on an abstract Unix socket that is named after the daemon's process, and the daemon,
/// when it has read its configuration anew, connects and tells. So the daemon needs no listener of its own for it, and who sends the signal with kill(1) needs nothing.
///
/// Each side asks the kernel who the other is: names in the abstract namespace are for everybody to take.
package enum ReloadChannel {
    /// Of a process as it and we number it.
    package static func name(ofProcess process: Int32) -> String { "@boundary-log-proxy-reload-\(process)" }

    /// What the daemon says, whole.
    package struct Answer: Sendable, Equatable {
        package var isApplied: Bool
        /// For people.
        package var lines: [String]

        package init(isApplied: Bool, lines: [String]) {
            self.isApplied = isApplied
            self.lines = lines
        }

        init?(text: String) {
            var lines = text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
            guard let first = lines.first, first == "applied" || first == "failed", text.hasSuffix("\n") else { return nil }
            lines.removeFirst()
            self.init(isApplied: first == "applied", lines: lines)
        }

        var text: String { ([isApplied ? "applied" : "failed"] + lines).map { $0 + "\n" }.joined() }
    }

    /// Far less than what a socket takes at once.
    private static let bytesMax = 64 << 10

    /// Tells whoever waits for it, if somebody does. Never waits.
    static func tell(_ answer: Answer) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard UnixAddress.with(name(ofProcess: getpid()), { Int(connect(descriptor, $0, $1)) }) == 0 else { return }
        // Masked or not, the configuration is nobody else's business.
        guard let user = UnixAddress.peer(of: descriptor)?.user, user == 0 || user == geteuid() else { return }
        let bytes = Array(answer.text.utf8.prefix(bytesMax))
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    package struct Failure: Error {
        package var text: String
    }

    /// The other side: in place before the signal is sent.
    package struct Listener: ~Copyable {
        private let descriptor: Int32
        private let process: Int32

        package init(process: Int32) throws(Failure) {
            self.process = process
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
            guard descriptor >= 0 else { throw Failure(text: "no socket: \(String(cString: strerror(errno)))") }
            let code = UnixAddress.with(ReloadChannel.name(ofProcess: process)) { Int(bind(descriptor, $0, $1)) }
            guard code == 0, listen(descriptor, 8) == 0 else {
                close(descriptor)
                throw Failure(text: code == EADDRINUSE ? "another reload is waiting for its answer" : String(cString: strerror(code == 0 ? errno : code)))
            }
        }

        deinit { close(descriptor) }

        /// nil when none came in time. Others who connect are sent away.
        package func wait(_ timeout: Duration) -> Answer? {
            let deadline = ContinuousClock.now + timeout
            while Self.poll(descriptor, deadline) {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { continue }
                defer { close(connection) }
                guard UnixAddress.peer(of: connection)?.process == process else { continue }
                return Self.read(connection, deadline)
            }
            return nil
        }

        private static func read(_ connection: Int32, _ deadline: ContinuousClock.Instant) -> Answer? {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while bytes.count <= bytesMax, poll(connection, deadline) {
                let count = recv(connection, &buffer, buffer.count, 0)
                if count > 0 { bytes += buffer[..<count] } else if count == 0 { break } else if errno != EINTR, errno != EAGAIN { return nil }
            }
            return Answer(text: String(decoding: bytes, as: UTF8.self))
        }

        private static func poll(_ descriptor: Int32, _ deadline: ContinuousClock.Instant) -> Bool {
            while true {
                let left = ContinuousClock.now.duration(to: deadline)
                guard left > .zero else { return false }
                var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                let result = Glibc.poll(&entry, 1, Int32(clamping: Int(left / .milliseconds(1)) + 1))
                if result > 0 { return true }
                if result < 0, errno != EINTR { return false }
            }
        }
    }
}
