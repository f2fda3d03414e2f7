import Glibc

/// Where a daemon's standard error goes: an unnamed file in memory. One on a disk would count among the bytes that the daemon writes, and the flood shows those.
struct MessagesFile: ~Copyable {
    private let descriptor: Int32

    init() throws(FloodError) {
        var template = Array("/dev/shm/flood-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        if descriptor < 0 { throw .system("cannot make room in /dev/shm for the daemon's messages") }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    deinit { close(descriptor) }

    /// For a child to open and append to, for as long as this value lives.
    var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    /// The last `bytesMax` bytes.
    func read(bytesMax: Int = 8 << 20) -> [UInt8] { FileBytes.read(path, bytesMax: bytesMax) ?? [] }
}
