internal import Glibc

/// That one process serves the spool: an exclusive flock on a file in its directory, released with the process whatever becomes of it.
///
/// https://man7.org/linux/man-pages/man2/flock.2.html
struct SpoolLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock and leaves the process's number in the file.
    init(_ directory: SpoolDirectory) throws(SpoolProblem) {
        let descriptor = open(directory.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SpoolProblem(errno: errno, attempt: "open \(directory.lock)") }
        // `spool purge` holds it for a moment, to see whether it is held.
        var attempts = 20
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            attempts -= 1
            if code == EINTR || code == EWOULDBLOCK && attempts > 0 {
                if code == EWOULDBLOCK { usleep(5_000) }
                continue
            }
            let owner = Self.processID(descriptor)
            close(descriptor)
            guard code == EWOULDBLOCK else { throw SpoolProblem(errno: code, attempt: "lock \(directory.lock)") }
            throw .error(.inUse(directory: directory.path, processID: owner))
        }
        self.descriptor = descriptor
        // For whoever finds it held. On a full disk they do without.
        fchmod(descriptor, 0o600)
        let text = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
    }

    deinit { close(descriptor) }

    /// The process that serves the directory, now: nil when there is none, `.some(nil)` when it left no number.
    static func holder(of directory: SpoolDirectory) -> Int32?? {
        let descriptor = open(directory.lock, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // A shared lock, for a moment: two that look do not see each other.
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
        return .some(processID(descriptor))
    }

    private static func processID(_ descriptor: Int32) -> Int32? {
        var text = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &text, text.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: text[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
