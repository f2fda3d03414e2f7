// A frame, big-endian:  | tag 8 bits | length 24 bits | length bytes of protobuf |

/// Splits a byte stream into frames. Sans-IO. The bytes of one read lie in a buffer that all connections share; an incomplete
/// frame at its end is carried here until the next read, for which it is laid in front of the new bytes:
///
///     let carried = decoder.takeCarried(into: buffer)      // then read to buffer[carried...]
///     loop: switch decoder.next(in: bytes, offset: &offset) { … }
///     decoder.carry(bytes from offset on)
public struct FrameDecoder: ~Copyable {
    public static var headerBytes: Int { 4 }
    public static var payloadBytesMax: Int { 32768 }

    /// Storage up to this size stays with the connection when it is empty, so that ordinary frames cost no allocation.
    static var idleStorageBytesMax: Int { 4096 }

    public enum Step: Equatable, Sendable {
        /// A whole frame; `payload` is a range of the bytes given.
        case frame(FrameTag, payload: Range<Int>)
        /// No whole frame from `offset` on.
        case needMoreBytes
        /// Sticky and final: every later step gives it again.
        case failed(FramingError)
    }

    private var carried: [UInt8] = []
    private var failure: FramingError?

    public init() {}

    /// Bytes carried from the last read.
    public var carriedByteCount: Int { carried.count }

    /// Bytes of memory held for carrying.
    var storageByteCount: Int { carried.capacity }

    /// Lays the carried bytes at the start of `buffer` and forgets them; returns how many there were.
    /// A read then goes to what follows, and `next` sees both in one piece. `buffer` must hold `carriedByteCount` bytes.
    public mutating func takeCarried(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = carried.count
        guard count > 0 else { return 0 }
        unsafe carried.span.bytes.copy(0..<count, to: buffer, at: 0)
        // Large storage is given back later, by `next`: a large frame that comes in many reads is carried again at each.
        carried.removeAll(keepingCapacity: true)
        return count
    }

    /// The next frame of `bytes` from `offset` on; moves `offset` past it. The length is checked as soon as the four header bytes are there.
    public mutating func next(in bytes: RawSpan, offset: inout Int) -> Step {
        if let failure { return .failed(failure) }
        let available = bytes.byteCount - offset
        guard available >= Self.headerBytes else {
            if available <= 0 { releaseLargeStorage() }
            return .needMoreBytes
        }
        let tagByte = bytes.byte(at: offset)
        guard let tag = FrameTag(rawValue: tagByte) else { return fail(.unknownTag(tagByte)) }
        let length =
            Int(bytes.byte(at: offset + 1)) << 16 | Int(bytes.byte(at: offset + 2)) << 8 | Int(bytes.byte(at: offset + 3))
        guard length <= Self.payloadBytesMax else { return fail(.payloadTooLong(length)) }
        guard available - Self.headerBytes >= length else { return .needMoreBytes }
        let start = offset + Self.headerBytes
        offset = start + length
        return .frame(tag, payload: start..<offset)
    }

    /// Keeps `rest`, the bytes that `next` did not consume (an incomplete frame, or frames that the ring has no room for yet).
    /// Any length is taken; more than one frame's worth occurs only when a full ring (`--overflow block`) ends a read early.
    public mutating func carry(_ rest: RawSpan) {
        // The stream is beyond repair: there is nothing to continue.
        guard failure == nil else { return }
        if rest.byteCount <= Self.idleStorageBytesMax / 2 { releaseLargeStorage() }
        carried.append(rest, 0..<rest.byteCount)
    }

    private mutating func fail(_ error: FramingError) -> Step {
        failure = error
        carried = []
        return .failed(error)
    }

    private mutating func releaseLargeStorage() {
        if carried.isEmpty, carried.capacity > Self.idleStorageBytesMax { carried = [] }
    }
}
