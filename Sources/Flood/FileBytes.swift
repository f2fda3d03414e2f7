import Glibc

/// Whole small files, /proc included.
enum FileBytes {
    /// A new file that only its owner may read.
    static func write(_ bytes: [UInt8], to path: String) throws(FloodError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("cannot write \(path)") }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw .system("cannot write \(path)") }
    }

    /// At most `bytesMax` bytes, the last ones where a regular file has more; nil when it cannot be read.
    static func read(_ path: String, bytesMax: Int = 1 << 20) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let end = lseek(descriptor, 0, SEEK_END)
        _ = lseek(descriptor, max(0, end - off_t(bytesMax)), SEEK_SET)
        return Array(unsafeUninitializedCapacity: bytesMax) { buffer, count in
            while count < bytesMax {
                let got = Glibc.read(descriptor, buffer.baseAddress! + count, bytesMax - count)
                if got < 0 && errno == EINTR { continue }
                if got <= 0 { break }
                count += got
            }
        }
    }
}
