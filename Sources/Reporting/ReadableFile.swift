internal import Glibc

/// Small files of the configuration, read whole. They are read on the loop's thread: local and small, and rarely.
enum ReadableFile {
    /// Throws unless `path` is a regular file that can be read.
    static func check(_ path: String, purpose: String) throws(ReportingError) {
        Glibc.close(try open(path, purpose: purpose))
    }

    /// The whole file; throws when it is longer than `bytesMax`.
    static func read(_ path: String, purpose: String, bytesMax: Int) throws(ReportingError) -> [UInt8] {
        let descriptor = try open(path, purpose: purpose)
        defer { Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw .file(purpose: purpose, path: path, reason: SystemError.text(errno)) }
            if got == 0 { break }
            count += got
        }
        guard count <= bytesMax else { throw .file(purpose: purpose, path: path, reason: "it is longer than \(bytesMax) bytes") }
        return Array(bytes[..<count])
    }

    private static func open(_ path: String, purpose: String) throws(ReportingError) -> Int32 {
        // Non-blocking, lest a FIFO without writer stops the process.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw .file(purpose: purpose, path: path, reason: SystemError.text(errno)) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            Glibc.close(descriptor)
            throw .file(purpose: purpose, path: path, reason: "it is not a regular file")
        }
        return descriptor
    }
}
