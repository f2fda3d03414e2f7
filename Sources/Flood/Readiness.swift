import Glibc

/// poll(2) over the sockets that a client waits for. Not EventLoop's watchers: the fleet alternates between writing flat out and
/// asking without waiting, and its waits may be shorter than a millisecond.
struct Readiness {
    private var sockets: [pollfd] = []
    private var tokens: [Int] = []

    /// Once there is room to write, or else once the connection ends, `wait` reports `token`; once only.
    mutating func watch(_ socket: Int32, writable: Bool, token: Int) {
        sockets.append(pollfd(fd: socket, events: Int16(writable ? POLLOUT : POLLIN | Int32(0x2000 /* POLLRDHUP */)), revents: 0))
        tokens.append(token)
    }

    mutating func removeAll() {
        sockets.removeAll()
        tokens.removeAll()
    }

    /// Waits at most `nanoseconds`; returns those that are ready, in the order in which they were watched.
    mutating func wait(_ nanoseconds: UInt64) throws(FloodError) -> [Int] {
        if sockets.isEmpty, nanoseconds == 0 { return [] }
        let milliseconds = Int32(clamping: nanoseconds / 1_000_000)
        if milliseconds == 0, nanoseconds > 0 {
            // poll cannot wait so briefly, and a socket can wait so long.
            var pause = timespec(tv_sec: 0, tv_nsec: Int(nanoseconds))
            nanosleep(&pause, nil)
        }
        let count = poll(&sockets, nfds_t(sockets.count), milliseconds)
        if count < 0, errno != EINTR { throw .system("cannot wait for sockets") }
        guard count > 0 else { return [] }
        var reported: [Int] = []
        reported.reserveCapacity(Int(count))
        var kept = 0
        for index in sockets.indices {
            if sockets[index].revents != 0 {
                reported.append(tokens[index])
            } else {
                sockets[kept] = sockets[index]
                tokens[kept] = tokens[index]
                kept += 1
            }
        }
        sockets.removeLast(sockets.count - kept)
        tokens.removeLast(tokens.count - kept)
        return reported
    }
}
