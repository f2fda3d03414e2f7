/// Where a batch lies in the ring: the segment's slot in the upper, the byte offset within the segment in the lower 32 bits.
/// Opaque outside the ring; slots are used again, so positions do not tell an order.
public struct RingPosition: Hashable, Sendable {
    var bits: UInt64

    @inline(__always) init(slot: Int, offset: Int) { bits = UInt64(UInt32(slot)) << 32 | UInt64(UInt32(offset)) }
    @inline(__always) private init(bits: UInt64) { self.bits = bits }
    @inline(__always) var slot: Int { Int(bits >> 32) }
    @inline(__always) var offset: Int { Int(UInt32(truncatingIfNeeded: bits)) }

    static let none = RingPosition(bits: .max)
}

/// What stands in front of each batch's bytes in a segment. Records follow each other on 8-byte borders:
///
///     | header 40 bytes | request bytes | padding to 8 | header | ...
struct RecordHeader {
    enum State: UInt8 {
        case waiting
        /// Part of a delivery, or of a run on its way into the spool.
        case held
        /// Released, but the spool still reads it.
        case ending
        case free
    }

    /// The next batch of the same lane, `none` at its end.
    var next: RingPosition
    var arrived: Instant
    var byteCount: UInt32
    var logCount: UInt32
    // A request is at most 32768 bytes long, so that offsets and counts fit 16 bits.
    var sessionOffset: UInt16
    var sessionCount: UInt16
    var processOffset: UInt16
    var processCount: UInt16
    var lane: UInt32
    /// Deliveries that hold it: 1 while in flight, more while "too large" has split it.
    var parts: UInt16
    var state: State
    var flags: Flags

    struct Flags: OptionSet {
        var rawValue: UInt8
        /// A part of it was dropped: then the batch counts as dropped.
        static let lostPart = Flags(rawValue: 1)
        /// A job of the spool reads its bytes.
        static let pinned = Flags(rawValue: 2)
    }

    static let byteCount = 40

    @inline(__always) static func footprint(ofBytes count: Int) -> Int { (byteCount + count + 7) & ~7 }
}
