import Glibc

/// A nonblocking Unix stream socket of one client.
struct UnixClientSocket: ~Copyable {
    static let pathBytesMax = 107

    enum ConnectResult { case connected, tryLater(code: Int32) }

    let descriptor: Int32

    init() throws(FloodError) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { throw .system("cannot make a socket") }
    }

    deinit { close(descriptor) }

    /// A full backlog, a socket that is not there yet and one that nobody listens on may all be better a little later.
    borrowing func connect(to path: String) throws(FloodError) -> ConnectResult {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count <= Self.pathBytesMax else { throw FloodError("the socket path \(path) is longer than \(Self.pathBytesMax) bytes") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result == 0 { return .connected }
        switch errno {
        case EAGAIN, ECONNREFUSED, ENOENT, EINTR: return .tryLater(code: errno)
        default: throw .system("cannot connect to \(path)")
        }
    }
}
