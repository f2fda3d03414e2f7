import Glibc
import Synchronization
import TestSupport
import Testing

/// A TCP server on loopback, on a thread of its own with blocking calls, that does to each connection what it is told: for answers that no
/// HTTP server would give. Ends with this object.
final class RawPeer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let accepted = Atomic<Int>(0)
    private let thread: pthread_t

    var connections: Int { accepted.load(ordering: .relaxed) }
    var url: String { "http://127.0.0.1:\(port)/" }

    /// `serve` gets one connection after the other; it is closed when it returns.
    convenience init(_ serve: @escaping @Sendable (Connection) -> Void) {
        let (listener, port) = Self.listen()
        self.init(listening: listener, port: port, serve)
    }

    /// Takes ownership of a listening socket.
    init(listening listener: Int32, port: UInt16 = 0, _ serve: @escaping @Sendable (Connection) -> Void) {
        self.listener = listener
        self.port = port
        let box = Box()
        box.run = { peer in
            while true {
                let descriptor = ClosedOnExec.accept(listener)
                guard descriptor >= 0 else { return }
                peer().accepted.add(1, ordering: .relaxed)
                serve(Connection(descriptor))
                close(descriptor)
            }
        }
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { box in
                Unmanaged<Box>.fromOpaque(box!).takeRetainedValue().start()
                return nil
            }, Unmanaged.passRetained(box).toOpaque())
        self.thread = thread
        box.give(self)
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        pthread_join(thread, nil)
        close(listener)
    }

    private final class Box: @unchecked Sendable {
        var run: ((() -> RawPeer) -> Void)?
        private unowned(unsafe) var peer: RawPeer?
        private var ready = sem_t()
        init() { sem_init(&ready, 0, 0) }
        func give(_ peer: RawPeer) {
            self.peer = peer
            sem_post(&ready)
        }
        func start() {
            sem_wait(&ready)
            run?({ self.peer! })
        }
    }

    static func listen() -> (descriptor: Int32, port: UInt16) {
        let socket = bindAnyPort()
        precondition(Glibc.listen(socket.descriptor, 128) == 0)
        return socket
    }

    private static func bindAnyPort() -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(descriptor, $0, size) == 0)
                getsockname(descriptor, $0, &size)
            }
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    static func listen(unix path: String) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                let size = socklen_t(MemoryLayout<sockaddr_un>.size)
                precondition(bind(descriptor, $0, size) == 0 && Glibc.listen(descriptor, 128) == 0)
            }
        }
        return descriptor
    }

    struct Connection {
        let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }

        func send(_ text: String) { send(Array(text.utf8)) }

        /// False when the other side is gone.
        @discardableResult func send(_ bytes: [UInt8]) -> Bool {
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
                }
                if count <= 0 { return false }
                sent += count
            }
            return true
        }

        /// The next bytes; empty at the end.
        func receive() -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 65536)
            let count = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            return Array(bytes.prefix(max(0, count)))
        }

        /// Until the other side hangs up.
        func waitForEnd() { while !receive().isEmpty {} }

        /// One request with Content-Length, head and body; nil at the end.
        func request() -> (head: String, body: [UInt8])? {
            var bytes: [UInt8] = []
            while true {
                if let end = headEnd(bytes) {
                    let head = String(decoding: bytes[..<end], as: UTF8.self)
                    let length = head.split(separator: "\r\n").compactMap { line -> Int? in
                        line.lowercased().hasPrefix("content-length: ") ? Int(line.dropFirst(16)) : nil
                    }.first ?? 0
                    var body = Array(bytes[end...])
                    while body.count < length {
                        let more = receive()
                        if more.isEmpty { return nil }
                        body += more
                    }
                    return (head, body)
                }
                let more = receive()
                if more.isEmpty { return nil }
                bytes += more
            }
        }

        private func headEnd(_ bytes: [UInt8]) -> Int? {
            guard bytes.count >= 4 else { return nil }
            for end in 4...bytes.count where bytes[(end - 4)..<end].elementsEqual([13, 10, 13, 10]) { return end }
            return nil
        }

        /// Hangs up with a reset.
        func reset() {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
    }

    static func response(_ status: Int, headers: [String] = [], body: String = "") -> String {
        "HTTP/1.1 \(status) Text\r\nContent-Length: \(body.utf8.count)\r\n" + headers.map { $0 + "\r\n" }.joined() + "\r\n" + body
    }

    /// A port on which nobody listens, nor will: it is bound, and stays so. (One that was listened on and closed may be given to somebody else.)
    static let closedPort: UInt16 = bindAnyPort().port
}
