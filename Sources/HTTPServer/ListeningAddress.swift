internal import Glibc

/// The bound and listening TCP socket of a server. Made here rather than by libmicrohttpd, which does not tell what went wrong.
struct ListeningAddress {
    let descriptor: Int32
    /// The one asked for, or the one that the kernel chose.
    let port: UInt16

    /// `host`: an IPv4 or IPv6 address (in brackets or not), or `localhost`, which is 127.0.0.1. Names are not looked up: that could block.
    init(host: String, port: UInt16) throws(HTTPServer.Failure) {
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let name = isBracketed ? String(host.dropFirst().dropLast()) : host
        let address = (name.utf8.contains(UInt8(ascii: ":")) ? "[\(name)]" : name) + ":\(port)"

        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name == "localhost" ? "127.0.0.1" : name, String(port), &hints, &found) == 0, let found else {
            throw HTTPServer.Failure(address: address, reason: "the host is neither an IP address nor localhost")
        }
        defer { freeaddrinfo(found) }

        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(found.pointee.ai_family, flags, 0)
        guard descriptor >= 0 else { throw HTTPServer.Failure(address: address, errno: errno) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0, listen(descriptor, Int32(SOMAXCONN)) == 0 else {
            let code = errno
            close(descriptor)
            throw HTTPServer.Failure(address: address, errno: code)
        }
        self.descriptor = descriptor
        self.port = Self.boundPort(descriptor) ?? port
    }

    private static func boundPort(_ descriptor: Int32) -> UInt16? {
        // The port is at the same place in sockaddr_in and sockaddr_in6.
        var address = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return result == 0 ? UInt16(bigEndian: address.sin6_port) : nil
    }
}
