internal import CLibUV
internal import Glibc

/// The few plain system calls on Unix stream sockets that libuv does not have, or has without the checks that we need.
enum UnixSocket {
    /// What fits into sockaddr_un besides the final zero. libuv would cut a longer path silently.
    static let pathBytesMax = 107

    static func make() throws(LoopError) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw LoopError(errno: errno, attempt: "make a socket") }
        return descriptor
    }

    /// Calls `bind` or `connect` with the address of `path`; 0 or the errno.
    /// https://man7.org/linux/man-pages/man7/unix.7.html
    static func withAddress(
        of path: String, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        let bytes = path.utf8
        guard bytes.count <= pathBytesMax else { return ENAMETOOLONG }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        return result == 0 ? 0 : errno
    }

    /// Without waiting: EAGAIN means that somebody listens whose backlog is full.
    static func connect(_ descriptor: Int32, to path: String) -> Int32 {
        withAddress(of: path) { Glibc.connect(descriptor, $0, $1) }
    }
}
