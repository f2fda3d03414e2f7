import Glibc

/// Whole small files, /proc included.
enum FileBytes {
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
