import Glibc

/// Addresses of Unix sockets: a path, or, with `@` in front, a name in Linux's abstract namespace.
///
/// https://man7.org/linux/man-pages/man7/unix.7.html
package enum UnixAddress {
    static let bytesMax = 107

    /// Calls `bind`, `connect` and the like with the address; 0 or the errno.
    package static func with(_ name: String, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int) -> Int32 {
        let bytes = Array(name.utf8)
        guard !bytes.isEmpty, bytes.count <= bytesMax else { return bytes.isEmpty ? EINVAL : ENAMETOOLONG }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { path in
            path.copyBytes(from: bytes)
            if bytes[0] == UInt8(ascii: "@") { path[0] = 0 }
        }
        // An abstract name ends where its address does.
        let isAbstract = bytes[0] == UInt8(ascii: "@")
        let size = isAbstract ? MemoryLayout<sa_family_t>.size + bytes.count : MemoryLayout<sockaddr_un>.size
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(size)) }
        }
        return result >= 0 ? 0 : errno
    }

    /// Where a socket is bound; nil for one without a name.
    static func name(of descriptor: Int32) -> String? {
        var address = sockaddr_un()
        var size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        let count = Int(size) - MemoryLayout<sa_family_t>.size
        guard result == 0, count > 0 else { return nil }
        return withUnsafeBytes(of: &address.sun_path) { path in
            let bytes = path.prefix(min(count, path.count))
            if bytes[0] == 0 { return bytes.count > 1 ? "@" + String(decoding: bytes.dropFirst(), as: UTF8.self) : nil }
            return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// SO_PEERCRED: of a connection, who connected; seen from the client, who called listen.
    package static func peer(of descriptor: Int32) -> (process: Int32, user: UInt32)? {
        // struct ucred, which Swift's module of the C library does not have: three numbers of 32 bits.
        var credentials: (process: Int32, user: UInt32, group: UInt32) = (0, 0, 0)
        var size = socklen_t(MemoryLayout<(Int32, UInt32, UInt32)>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0, credentials.process > 0 else { return nil }
        return (credentials.process, credentials.user)
    }
}
