/// Writes bytes one after the other into room that is there. Several times cheaper than an `OutputRawSpan`, which keeps its count in memory and compares with
/// it at each byte: here what comes from a client is checked at each copy; for what we write ourselves, whose lengths are known, who writes looks at `room`
/// once before it, `endMessage` traps when that was wrong, and builds for tests check each byte.
@safe struct ByteWriter {
    private let start: UnsafeMutableRawPointer
    private var next: UnsafeMutableRawPointer
    private let end: UnsafeMutableRawPointer

    /// Beyond the room that is asked for, so that short pieces are copied as if they were so long.
    fileprivate static var slack: Int { 64 }

    fileprivate init(_ room: UnsafeMutableRawBufferPointer) {
        unsafe start = room.baseAddress!
        unsafe next = room.baseAddress!
        unsafe end = room.baseAddress! + (room.count &- Self.slack)
    }

    /// Bytes that were written.
    @inline(__always)
    var byteCount: Int { unsafe next - start }

    /// Bytes that can be written.
    @inline(__always)
    var room: Int { unsafe end - next }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        assert(unsafe next < end)
        unsafe next.storeBytes(of: byte, as: UInt8.self)
        unsafe next += 1
    }

    @inline(__always)
    mutating func append(littleEndian value: UInt64) {
        assert(room >= 8)
        unsafe next.storeBytes(of: value.littleEndian, as: UInt64.self)
        unsafe next += 8
    }

    /// All of `text`, a literal: its length is known where this is compiled, and so how to copy it.
    @inline(__always)
    mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        assert(room >= count)
        unsafe next.copyMemory(from: text.utf8Start, byteCount: count)
        unsafe next += count
    }

    @inline(__always)
    mutating func append(varint value: UInt64) {
        if value < 0x80 { append(UInt8(truncatingIfNeeded: value)) } else { appendLong(varint: value) }
    }

    @inline(__always)
    private mutating func appendLong(varint value: UInt64) {
        assert(room >= 10)
        if value < 0x4000 {
            unsafe next.storeBytes(of: Self.pair(value), as: UInt16.self)
            unsafe next += 2
        } else {
            Varint.write(value) { append($0) }
        }
    }

    /// Leaves room for the length of a message that is not written yet, of at most `byteCountMax` bytes.
    @inline(__always)
    mutating func beginMessage(byteCountMax: Int) -> Length {
        let length = Length(position: byteCount, width: byteCountMax < 0x4000 ? 2 : Varint.lengthBytes, byteCountMax: byteCountMax)
        precondition(room >= byteCountMax &+ length.width)
        unsafe next += length.width
        return length
    }

    /// Puts in the length of the message, which reaches to the end.
    @inline(__always)
    mutating func endMessage(_ length: Length) {
        let count = byteCount &- length.position &- length.width
        precondition(count >= 0 && count <= length.byteCountMax)
        if length.width == 2 {
            unsafe start.storeBytes(of: Self.pair(UInt64(truncatingIfNeeded: count)), toByteOffset: length.position, as: UInt16.self)
        } else {
            let bytes = Varint.padded(UInt64(truncatingIfNeeded: count), width: length.width)
            for offset in 0..<length.width {
                unsafe start.storeBytes(of: UInt8(truncatingIfNeeded: bytes &>> (8 &* UInt64(truncatingIfNeeded: offset))), toByteOffset: length.position &+ offset, as: UInt8.self)
            }
        }
    }

    /// A varint of two bytes, as it lies in memory.
    @inline(__always)
    private static func pair(_ value: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: Varint.padded(value, width: 2)).littleEndian }

    /// Where the length of a message is to be written.
    struct Length {
        fileprivate let position: Int
        fileprivate let width: Int
        fileprivate let byteCountMax: Int
    }

    /// The bytes `range` of `bytes`. There must be room for them.
    @inline(__always)
    mutating func append(_ bytes: RawSpan, _ range: Range<Int>) {
        let count = range.byteCount
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.byteCount && count <= room)
        // What is written too much is written over, or not counted.
        let isFarFromEnd = bytes.byteCount &- range.lowerBound >= Self.slack
        if count <= 16, isFarFromEnd {
            copy16(bytes, range.lowerBound, 0)
        } else if count <= Self.slack, isFarFromEnd {
            copy16(bytes, range.lowerBound, 0)
            copy16(bytes, range.lowerBound, 16)
            copy16(bytes, range.lowerBound, 32)
            copy16(bytes, range.lowerBound, 48)
        } else {
            unsafe bytes.withUnsafeBytes { source in
                unsafe next.copyMemory(from: source.baseAddress! + range.lowerBound, byteCount: count)
            }
        }
        unsafe next += count
    }

    @inline(__always)
    private func copy16(_ bytes: RawSpan, _ start: Int, _ offset: Int) {
        unsafe next.storeBytes(of: bytes.twoWords(at: start &+ offset), toByteOffset: offset, as: SIMD2<UInt64>.self)
    }

    /// Bytes that were written before, once more. There must be room for them.
    @inline(__always)
    mutating func append(again range: Range<Int>) {
        let count = range.byteCount
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount && count <= room)
        unsafe next.copyMemory(from: start + range.lowerBound, byteCount: count)
        unsafe next += count
    }
}

extension [UInt8] {
    /// Appends what `body` writes, at most `byteCountMax` bytes.
    @inline(__always)
    mutating func append(byteCountMax: Int, writing body: (inout ByteWriter) -> Void) {
        append(addingCapacity: byteCountMax &+ ByteWriter.slack) { (room: inout OutputSpan<UInt8>) in
            unsafe room.withUnsafeMutableBufferPointer { buffer, initializedCount in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                var writer = unsafe ByteWriter(bytes)
                body(&writer)
                precondition(writer.room >= 0)
                initializedCount = writer.byteCount
            }
        }
    }
}
