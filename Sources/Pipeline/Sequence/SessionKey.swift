import Wire

/// A session id in a fixed place: as 8-byte words, zeros behind its end.
struct SessionKey: Hashable {
    /// The longest id that is audited, in bytes. boundary's are UUIDs, 36 bytes.
    static let byteCountMax = 64

    private var words = InlineArray<8, UInt64>(repeating: 0)
    private let byteCount: Int

    /// `range` of `bytes`, 1 to `byteCountMax` bytes.
    init(_ bytes: RawSpan, _ range: Range<Int>) {
        precondition(!range.isEmpty && range.count <= Self.byteCountMax)
        byteCount = range.count
        for offset in 0..<byteCount {
            let byte = bytes.unsafeLoad(fromByteOffset: range.lowerBound + offset, as: UInt8.self)
            words[offset / 8] |= (UInt64(byte) &<< UInt64(8 * (offset % 8))).littleEndian
        }
    }

    /// Whether `range` of `bytes` is the same id. Once per frame; mutating only so that the words are read in place.
    @inline(__always)
    mutating func matches(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        let count = byteCount
        guard range.count == count, range.lowerBound >= 0, range.upperBound <= bytes.byteCount else { return false }
        return withUnsafeBytes(of: &words) { own in
            bytes.withUnsafeBytes { theirs in
                let (a, b) = (own.baseAddress.unsafelyUnwrapped, theirs.baseAddress.unsafelyUnwrapped + range.lowerBound)
                func isSame(_ offset: Int) -> Bool {
                    a.loadUnaligned(fromByteOffset: offset, as: UInt64.self) == b.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                }
                var offset = 0
                while offset &+ 8 <= count {
                    guard isSame(offset) else { return false }
                    offset &+= 8
                }
                // The rest, together with what lies before it.
                if count >= 8 { return isSame(count &- 8) }
                while offset < count {
                    guard a.load(fromByteOffset: offset, as: UInt8.self) == b.load(fromByteOffset: offset, as: UInt8.self) else { return false }
                    offset &+= 1
                }
                return true
            }
        }
    }

    static func == (a: SessionKey, b: SessionKey) -> Bool {
        a.byteCount == b.byteCount && (0..<8).allSatisfy { a.words[$0] == b.words[$0] }
    }

    /// Seeded per process, so that no client can choose ids that collide.
    func hash(into hasher: inout Hasher) {
        hasher.combine(byteCount)
        for index in 0..<(byteCount + 7) / 8 { hasher.combine(words[index]) }
    }

    var text: String {
        var words = words
        return withUnsafeBytes(of: &words) { String(decoding: $0[..<byteCount], as: UTF8.self) }
    }
}
