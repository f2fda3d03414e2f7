/// The header of a DRPC frame that we send.
struct DRPCFrameHeader {
    // A control byte and three varints of at most ten bytes each.
    private var bytes = InlineArray<31, UInt8>(repeating: 0)
    private(set) var byteCount = 0

    init(kind: UInt8, isDone: Bool, stream: UInt64, message: UInt64, length: Int) {
        add(kind << 1 | (isDone ? 1 : 0))
        addVarint(stream)
        addVarint(message)
        addVarint(UInt64(length))
    }

    /// Appends the bytes `range` of the header. There must be room for them.
    func append(_ range: Range<Int>, to output: inout OutputRawSpan) {
        assert(range.upperBound <= byteCount)
        for index in range { output.append(bytes[index]) }
    }

    private mutating func add(_ byte: UInt8) {
        bytes[byteCount] = byte
        byteCount += 1
    }

    private mutating func addVarint(_ value: UInt64) {
        Varint.write(value) { add($0) }
    }
}
