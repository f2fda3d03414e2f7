internal import CCrypto

/// Random bytes of the kernel, fetched some at a time so that a frame's mask is not a system call.
/// https://man7.org/linux/man-pages/man2/getrandom.2.html
struct RandomBytes {
    /// The kernel gives up to 256 bytes whole, whatever signals come.
    static let fetchedBytes = 256

    private var bytes = [UInt8](repeating: 0, count: fetchedBytes)
    private var position = fetchedBytes

    /// False when the kernel has none (before Linux 3.17, or forbidden). At most `fetchedBytes`.
    mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        if bytes.count - position < buffer.count {
            position = bytes.count
            guard getrandom(&bytes, bytes.count, 0) == bytes.count else { return false }
            position = 0
        }
        bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + buffer.count])) }
        position += buffer.count
        return true
    }
}
