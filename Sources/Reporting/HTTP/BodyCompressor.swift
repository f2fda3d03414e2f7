/// Compresses a whole body at once, on the loop's thread: hence the fastest level.
protocol BodyCompressor: AnyObject {
    /// Fills `output` from its start with the compressed `pieces`; returns how many bytes of it count. It only grows.
    func compress(_ pieces: [UnsafeRawBufferPointer], into output: inout [UInt8]) -> Int
}

extension [UInt8] {
    /// Makes room; what the bytes are does not matter.
    mutating func grow(to count: Int) {
        if self.count < count { append(contentsOf: repeatElement(0, count: count - self.count)) }
    }
}
