// Every unsafe operation of the parsers, and of what copies bytes out.
//
// The loads do not check bounds, because the walk has: `FieldCursor` checks once per message that the message lies within the
// payload, and each step that its bytes lie within the message. Debug and fuzzing builds check every load again.

extension RawSpan {
    @inline(__always)
    func byte(at offset: Int) -> UInt8 {
        assert(offset >= 0 && offset < byteCount)
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// Eight bytes, the first in the lowest bits.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        assert(offset >= 0 && offset <= byteCount - 8)
        return unsafe UInt64(littleEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// The bytes of `range`, at most eight, the last in the lowest bits.
    @inline(__always)
    func bigEndian(_ range: Range<Int>) -> UInt64 {
        let count = range.upperBound &- range.lowerBound
        if count > 0, byteCount &- range.lowerBound >= 8 {
            return word(at: range.lowerBound).byteSwapped &>> UInt64(truncatingIfNeeded: 64 &- count &* 8)
        }
        var value: UInt64 = 0
        for position in range { value = value &<< 8 | UInt64(byte(at: position)) }
        return value
    }

    /// Sixteen bytes, eight in each word.
    @inline(__always)
    func twoWords(at offset: Int) -> SIMD2<UInt64> {
        assert(offset >= 0 && offset <= byteCount - 16)
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: SIMD2<UInt64>.self)
    }

    @inline(__always)
    func block(at offset: Int) -> SIMD16<UInt8> {
        assert(offset >= 0 && offset <= byteCount - 16)
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: SIMD16<UInt8>.self)
    }

    @inline(__always)
    func copy(_ range: Range<Int>, to destination: UnsafeMutableRawBufferPointer, at offset: Int) {
        unsafe extracting(range).withUnsafeBytes { source in
            unsafe UnsafeMutableRawBufferPointer(rebasing: destination[offset..<offset + source.count]).copyMemory(from: source)
        }
    }
}

extension [UInt8] {
    @inline(__always)
    mutating func append(_ bytes: RawSpan, _ range: Range<Int>) {
        unsafe bytes.extracting(range).withUnsafeBytes { unsafe append(contentsOf: $0) }
    }

    /// Appends what `body` writes, at most `byteCountMax` bytes. The room is there before the first of them.
    @inline(__always)
    mutating func append(byteCountMax: Int, _ body: (inout OutputRawSpan) -> Void) {
        append(addingCapacity: byteCountMax) { (room: inout OutputSpan<UInt8>) in
            unsafe room.withUnsafeMutableBufferPointer { buffer, initializedCount in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                var output = unsafe OutputRawSpan(buffer: bytes, initializedCount: 0)
                body(&output)
                initializedCount = unsafe output.finalize(for: bytes)
            }
        }
    }
}

extension OutputRawSpan {
    /// Appends the bytes `range` of `bytes`. There must be room for them.
    public mutating func append(_ bytes: RawSpan, _ range: Range<Int>) {
        let count = range.upperBound &- range.lowerBound
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.byteCount && count <= freeCapacity)
        guard count > 0 else { return }
        unsafe withUnsafeMutableBytes { buffer, initializedCount in
            unsafe bytes.withUnsafeBytes { source in
                unsafe (buffer.baseAddress! + initializedCount).copyMemory(from: source.baseAddress! + range.lowerBound, byteCount: count)
            }
            initializedCount &+= count
        }
    }

    /// Appends all of `text`. There must be room for it.
    @inline(__always)
    mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        precondition(count <= freeCapacity)
        unsafe withUnsafeMutableBytes { buffer, initializedCount in
            unsafe (buffer.baseAddress! + initializedCount).copyMemory(from: text.utf8Start, byteCount: count)
            initializedCount &+= count
        }
    }

    @inline(__always)
    mutating func append(littleEndian value: UInt64) {
        unsafe append(value.littleEndian, as: UInt64.self)
    }

    /// Writes two digits, the tens first, over two bytes that were appended before; `value` is below 100.
    @inline(__always)
    mutating func overwrite(at offset: Int, digits value: UInt32) {
        precondition(offset >= 0 && offset <= byteCount - 2)
        let tens = value / 10
        let pair = UInt16(truncatingIfNeeded: (tens | (value &- tens &* 10) &<< 8) &+ 0x3030)
        unsafe withUnsafeMutableBytes { buffer, _ in
            unsafe buffer.baseAddress!.storeBytes(of: pair.littleEndian, toByteOffset: offset, as: UInt16.self)
        }
    }

    /// Appends the UTF-8 bytes `range` of `text`. There must be room for them.
    mutating func append(_ text: StaticString, _ range: Range<Int>) {
        precondition(range.upperBound <= text.utf8CodeUnitCount && range.count <= freeCapacity)
        unsafe withUnsafeMutableBytes { buffer, initializedCount in
            text.withUTF8Buffer { unsafe UnsafeRawBufferPointer($0).bytes.copy(range, to: buffer, at: initializedCount) }
            initializedCount += range.count
        }
    }
}
