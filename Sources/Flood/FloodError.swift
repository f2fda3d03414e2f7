import Glibc

/// Why a flood could not be run; not a verdict about the daemon's work.
public struct FloodError: Error, Equatable, Sendable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }

    static func system(_ attempt: String, code: Int32 = errno) -> FloodError {
        FloodError("\(attempt): \(String(cString: strerror(code)))")
    }
}
