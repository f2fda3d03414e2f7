/// The body of one request: pieces that stay where they lie, or one encoded buffer that is used again for the next request.
struct RequestBody {
    private var pieces: [UnsafeRawBufferPointer] = []
    /// Kept over requests; its first `byteCount` bytes are the body when `isEncoded`.
    private(set) var encoded: [UInt8] = []
    private var isEncoded = false
    /// Of the whole body.
    private(set) var byteCount = 0

    // Where reading goes on: in `pieces[piece]` or in `encoded`.
    private var piece = 0
    private var offset = 0

    /// A buffer that grew beyond this is not kept.
    static let keptBytesMax = 2 << 20

    /// The pieces must stay until the request ends.
    mutating func set(pieces: [UnsafeRawBufferPointer]) {
        self.pieces = pieces
        isEncoded = false
        byteCount = pieces.reduce(0) { $0 + $1.count }
        _ = seek(to: 0)
    }

    /// `encode` fills the buffer, whose bytes before are void, and returns how many count.
    mutating func encode(_ encode: (inout [UInt8]) -> Int) {
        pieces = []
        isEncoded = true
        byteCount = encode(&encoded)
        _ = seek(to: 0)
    }

    /// Forgets the pieces, which are about to go away.
    mutating func clear() {
        pieces = []
        byteCount = 0
        if encoded.capacity > Self.keptBytesMax { encoded = [] }
        _ = seek(to: 0)
    }

    /// Copies the next bytes out, at most `space.count`; 0 at the end.
    mutating func read(into space: UnsafeMutableRawBufferPointer) -> Int {
        if isEncoded {
            let count = min(space.count, byteCount - offset)
            encoded.withUnsafeBytes { space.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count])) }
            offset += count
            return count
        }
        var filled = 0
        while filled < space.count, piece < pieces.count {
            let source = pieces[piece]
            let count = min(space.count - filled, source.count - offset)
            if count > 0 {
                (space.baseAddress! + filled).copyMemory(from: source.baseAddress! + offset, byteCount: count)
                filled += count
                offset += count
            }
            if offset == source.count {
                piece += 1
                offset = 0
            }
        }
        return filled
    }

    /// Goes on at that byte of the body; false if there is none.
    mutating func seek(to position: Int) -> Bool {
        guard position >= 0, position <= byteCount else { return false }
        piece = 0
        offset = position
        guard !isEncoded else { return true }
        while piece < pieces.count, offset >= pieces[piece].count {
            offset -= pieces[piece].count
            piece += 1
        }
        return true
    }
}
