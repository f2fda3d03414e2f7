/// Writes bytes one after the other into room that was measured before. Several times cheaper than an `OutputRawSpan`, which keeps its count in memory and
/// compares with it at each byte: of these, what comes from a client is checked, and what we write ourselves in builds for tests.
struct ByteWriter {
    private var next: UnsafeMutableRawPointer
    private let end: UnsafeMutableRawPointer

    /// Beyond the room that is asked for, so that short pieces are copied as if they were so long.
    fileprivate static var slack: Int { 16 }

    fileprivate init(_ room: UnsafeMutableRawBufferPointer) {
        unsafe next = room.baseAddress!
        unsafe end = room.baseAddress! + (room.count &- Self.slack)
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        assert(unsafe next < end)
        unsafe next.storeBytes(of: byte, as: UInt8.self)
        unsafe next += 1
    }

    @inline(__always)
    mutating func append(littleEndian value: UInt64) {
        assert(unsafe end - next >= 8)
        unsafe next.storeBytes(of: value.littleEndian, as: UInt64.self)
        unsafe next += 8
    }

    /// All of `text`, a literal: its length is known where this is compiled, and so how to copy it.
    @inline(__always)
    mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        assert(unsafe end - next >= count)
        unsafe next.copyMemory(from: text.utf8Start, byteCount: count)
        unsafe next += count
    }

    @inline(__always)
    mutating func append(varint value: UInt64) {
        if value < 0x80 { append(UInt8(truncatingIfNeeded: value)) } else { appendLong(varint: value) }
    }

    @inline(__always)
    private mutating func appendLong(varint value: UInt64) {
        assert(unsafe end - next >= 10)
        if value < 0x4000 {
            unsafe next.storeBytes(of: UInt16(truncatingIfNeeded: value & 0x7F | 0x80 | (value &>> 7) &<< 8).littleEndian, as: UInt16.self)
            unsafe next += 2
        } else {
            Varint.write(value) { append($0) }
        }
    }

    /// The bytes `range` of `bytes`. There must be room for them.
    @inline(__always)
    mutating func append(_ bytes: RawSpan, _ range: Range<Int>) {
        let count = range.upperBound &- range.lowerBound
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.byteCount && count <= (unsafe end - next))
        if count <= Self.slack, bytes.byteCount &- range.lowerBound >= Self.slack {
            // What is written too much is written over, or not counted.
            unsafe next.storeBytes(of: bytes.twoWords(at: range.lowerBound), as: SIMD2<UInt64>.self)
        } else {
            unsafe bytes.withUnsafeBytes { source in
                unsafe next.copyMemory(from: source.baseAddress! + range.lowerBound, byteCount: count)
            }
        }
        unsafe next += count
    }

    /// How many bytes were written into `room`.
    fileprivate func count(in room: UnsafeMutableRawBufferPointer) -> Int {
        precondition(unsafe next <= end)
        return unsafe next - UnsafeMutableRawPointer(room.baseAddress!)
    }
}

extension [UInt8] {
    /// Appends what `body` writes, at most `byteCountMax` bytes.
    @inline(__always)
    mutating func append(byteCountMax: Int, writing body: (inout ByteWriter) -> Void) {
        append(addingCapacity: byteCountMax &+ ByteWriter.slack) { (room: inout OutputSpan<UInt8>) in
            unsafe room.withUnsafeMutableBufferPointer { buffer, initializedCount in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                var writer = ByteWriter(bytes)
                body(&writer)
                initializedCount = writer.count(in: bytes)
            }
        }
    }
}
