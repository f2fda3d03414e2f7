import EventLoop
import Glibc
import Logging

/// The listening socket that systemd, or another manager, passes to the daemon: it outlives the daemon, and clients that connect between two daemons
/// wait in its queue.
///
/// https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html
public struct PassedSocket: Sendable {
    public let descriptor: Int32
    /// Where clients find it: a path, or `@` and an abstract name.
    public let path: String

    /// Of several, the one of this name is taken (`FileDescriptorName=`).
    static let name = "boundary"
    /// SD_LISTEN_FDS_START
    private static let firstDescriptor: Int32 = 3

    /// nil when nothing was passed to this process. Descriptors that were passed are closed on exec from here on.
    public static func take(environment: [String: String], process: Int32 = getpid(), first: Int32? = nil) throws(StartFailure) -> PassedSocket? {
        guard let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), count > 0, environment["LISTEN_PID"] == "\(process)" else { return nil }
        guard count <= 1024 else { throw StartFailure("LISTEN_FDS: \(count) sockets were passed, and at most 1024 are looked at") }
        let first = first ?? firstDescriptor
        let descriptors = first..<first + count
        for descriptor in descriptors {
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw StartFailure("LISTEN_FDS: descriptor \(descriptor) is not open") }
        }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let descriptor = try choose(descriptors, names)
        try check(descriptor)
        guard let path = UnixAddress.name(of: descriptor) else { throw StartFailure("the socket that was passed (LISTEN_FDS) has no address") }
        return PassedSocket(descriptor: descriptor, path: path)
    }

    private static func choose(_ descriptors: Range<Int32>, _ names: [String]) throws(StartFailure) -> Int32 {
        if descriptors.count == 1 { return descriptors.lowerBound }
        let ours = zip(descriptors, names).filter { $0.1 == name }
        if ours.count == 1 { return ours[0].0 }
        let shown = names.isEmpty ? "without names" : "named \(names.map(Printable.quoted).joined(separator: ", "))"
        throw StartFailure(
            "\(descriptors.count) sockets were passed (LISTEN_FDS), \(shown): one of them must be named \(name) (FileDescriptorName=\(name)), and no other")
    }

    private static func check(_ descriptor: Int32) throws(StartFailure) {
        func option(_ name: Int32) -> Int32? {
            var value: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
        }
        let subject = "descriptor \(descriptor), which was passed (LISTEN_FDS),"
        guard let domain = option(SO_DOMAIN) else { throw StartFailure("\(subject) is not a socket") }
        guard domain == AF_UNIX else { throw StartFailure("\(subject) is not a Unix socket (ListenStream= must be a path)") }
        guard option(SO_TYPE) == Int32(SOCK_STREAM.rawValue) else {
            throw StartFailure("\(subject) is not a stream socket (ListenStream=, not ListenDatagram= or ListenSequentialPacket=)")
        }
        guard option(SO_ACCEPTCONN) == 1 else { throw StartFailure("\(subject) does not listen (Accept= must be no)") }
    }
}
