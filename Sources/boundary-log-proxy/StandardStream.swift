import ArgumentParser
import BoundaryLogProxy
import Glibc

/// Standard output and standard error, written to at once. A reader that has gone away is not an error.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    /// Says on standard error what has gone wrong, in one line; to be thrown.
    static func fail(_ problem: String) -> ExitCode {
        error.write("boundary-log-proxy: \(Printable.text(problem, scalarsMax: 1000))\n")
        return ExitCode(1)
    }

    func write(_ text: String) { _ = write(Array(text.utf8)) }

    /// Returns 0, or the `errno` that kept it from writing all.
    func write(_ bytes: [UInt8]) -> Int32 {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let count = Glibc.write(rawValue, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { return errno }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
            return 0
        }
    }
}
