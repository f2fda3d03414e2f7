import Glibc

/// Where a daemon's standard error goes: an unnamed file in memory. One on a disk would count among the bytes that the daemon writes, and the flood shows those.
struct MessagesFile: ~Copyable {
    private let descriptor: Int32

    init() throws(FloodError) {
        let path = "/dev/shm/flood-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw .system("cannot make room in /dev/shm for the daemon's messages") }
        unlink(path)
    }

    deinit { close(descriptor) }

    /// For a child to open and append to, for as long as this value lives.
    var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    /// The last `bytesMax` bytes.
    func read(bytesMax: Int = 8 << 20) -> [UInt8] { FileBytes.read(path, bytesMax: bytesMax) ?? [] }
}
