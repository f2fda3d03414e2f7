import Glibc
import Reporting
import TestSupport
import Testing

/// By the tools that everybody else uses.
func decompressed(_ bytes: [UInt8], _ compression: HTTPReporterConfiguration.Compression) throws -> [UInt8] {
    guard compression != .none else { return bytes }
    let directory = TemporaryDirectory()
    let packed = directory.path(compression == .gzip ? "body.gz" : "body.zst")
    writeFile(packed, bytes)
    let tool = compression == .gzip ? "/usr/bin/gzip" : "/usr/bin/zstd"
    let status = try run([tool, "-d", "-q", packed])
    #expect(status == 0)
    return readFile(directory.path("body"))
}

func writeFile(_ path: String, _ bytes: [UInt8]) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    precondition(descriptor >= 0, "cannot open \(path): \(errno)")
    precondition(write(descriptor, bytes, bytes.count) == bytes.count)
    close(descriptor)
}

func writeFile(_ path: String, _ text: String) { writeFile(path, Array(text.utf8)) }

func readFile(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
    return bytes
}
