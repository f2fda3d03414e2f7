internal import Glibc

/// An exclusive flock on the directory in which a socket is to be made, held for the moments between the check and listen.
///
/// https://man7.org/linux/man-pages/man2/flock.2.html
struct DirectoryLock {
    private let descriptor: Int32

    /// Fails if the directory does not exist; one that cannot be opened or locked is no failure.
    init(of directory: String, socketPath: String) throws(ListeningSocket.Failure) {
        descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw .directoryMissing(directory) }
            if errno == ENOTDIR { throw .system(LoopError(errno: ENOTDIR, attempt: "listen on \(socketPath)")) }
            return
        }
        // An honest holder needs microseconds; another may not keep us from starting.
        for _ in 0..<100 {
            guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return }
            guard errno == EWOULDBLOCK || errno == EINTR else { return }
            usleep(10_000)
        }
    }

    func release() {
        if descriptor >= 0 { close(descriptor) }
    }
}
