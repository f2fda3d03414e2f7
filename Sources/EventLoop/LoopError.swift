internal import CLibUV

/// A failure of libuv or of a system call: the code and what was being tried.
public struct LoopError: Error, Equatable, Sendable, CustomStringConvertible {
    /// libuv's code, which on Linux is the negated `errno` (`-EAGAIN`), or one of libuv's own (`UV_EOF`).
    public var code: Int32
    /// What was being tried, as the object of "cannot": `listen on /run/x.sock`.
    public var attempt: String

    public init(code: Int32, attempt: String) {
        self.code = code
        self.attempt = attempt
    }

    /// From an `errno` (positive).
    public init(errno: Int32, attempt: String) {
        self.init(code: -errno, attempt: attempt)
    }

    /// The code in words, e.g. "address already in use (EADDRINUSE)".
    /// https://docs.libuv.org/en/v1.x/errors.html#c.uv_strerror_r
    public var reason: String {
        // The variants without buffer leak memory for codes that libuv does not know.
        func text(_ function: (Int32, UnsafeMutablePointer<CChar>?, Int) -> UnsafeMutablePointer<CChar>?) -> String {
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
                _ = function(code, buffer.baseAddress, buffer.count)
                return String(cString: buffer.baseAddress!)
            }
        }
        return "\(text(uv_strerror_r)) (\(text(uv_err_name_r)))"
    }

    /// E.g. "cannot listen on /run/x.sock: address already in use (EADDRINUSE)".
    public var description: String { "cannot \(attempt): \(reason)" }
}
