import EventLoop

/// An `errno` in words, as the rest of the product writes it: "no such file or directory (ENOENT)".
enum SystemError {
    static func text(_ code: Int32) -> String {
        LoopError(errno: code, attempt: "").reason
    }
}
