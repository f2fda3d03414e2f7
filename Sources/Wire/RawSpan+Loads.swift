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

    /// Sixteen bytes, eight in each word.
    @inline(__always)
    func twoWords(at offset: Int) -> SIMD2<UInt64> {
        assert(offset >= 0 && offset <= byteCount - 16)
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: SIMD2<UInt64>.self)
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

    @inline(__always)
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }
}

extension OutputRawSpan {
    /// Appends the bytes `range` of `bytes`. There must be room for them.
    public mutating func append(_ bytes: RawSpan, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.byteCount && range.count <= freeCapacity)
        unsafe withUnsafeMutableBytes { buffer, initializedCount in
            unsafe bytes.copy(range, to: buffer, at: initializedCount)
            initializedCount += range.count
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
