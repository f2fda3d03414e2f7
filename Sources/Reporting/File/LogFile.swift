import EventLoop
internal import Glibc

/// An open destination of lines, closed with its last user if we opened it.
final class LogFile {
    let descriptor: Int32
    private let isOwned: Bool
    /// A line was torn here by whoever wrote before: the next one must not be glued to it.
    private(set) var endsInsideLine = false

    /// Somebody else's descriptor.
    init(borrowing descriptor: Int32) {
        self.descriptor = descriptor
        isOwned = false
    }

    /// Opens for appending; makes the file if need be. The error is an `errno`.
    init(path: String) throws(Failure) {
        // Non-blocking, lest a FIFO without reader stops the loop.
        descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o600)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        isOwned = true
        endsInsideLine = Self.endsInsideLine(path, descriptor)
    }

    deinit {
        if isOwned { close(descriptor) }
    }

    func lineWasEnded() {
        endsInsideLine = false
    }

    struct Failure: Error {
        var code: Int32
    }

    /// False when that cannot be seen, e.g. of a pipe.
    private static func endsInsideLine(_ path: String, _ descriptor: Int32) -> Bool {
        var ours = stat()
        guard fstat(descriptor, &ours) == 0, ours.st_mode & S_IFMT == S_IFREG, ours.st_size > 0 else { return false }
        let reading = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard reading >= 0 else { return false }
        defer { close(reading) }
        var theirs = stat()
        var last: UInt8 = 0
        guard fstat(reading, &theirs) == 0, theirs.st_ino == ours.st_ino, theirs.st_dev == ours.st_dev,
            pread(reading, &last, 1, ours.st_size - 1) == 1
        else { return false }
        return last != UInt8(ascii: "\n")
    }
}
