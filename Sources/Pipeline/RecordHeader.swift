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
///     | header 24 bytes | a link of 16 bytes for each cursor | request bytes | padding to 8 | header | ...
struct RecordHeader {
    var arrived: Instant
    // A request is at most 32768 bytes long, and a log at least two, so that lengths, offsets and counts fit 16 bits.
    var byteCount: UInt16
    var logCount: UInt16
    var sessionOffset: UInt16
    var sessionCount: UInt16
    var processOffset: UInt16
    var processCount: UInt16
    /// Cursors for which it is not free.
    var holders: UInt8

    static let byteCount = 24
}

/// What a batch is to one destination.
struct RecordLink {
    enum State: UInt8 {
        case waiting
        /// Part of a delivery, or of a run on its way into the spool.
        case held
        /// Released, but the spool still reads it.
        case ending
        /// Released, or never taken.
        case free
    }

    /// The next batch of the same lane, `none` at its end.
    var next = RingPosition.none
    var lane: UInt32 = 0
    /// Deliveries that hold it: 1 while in flight, more while "too large" has split it.
    var parts: UInt16 = 0
    var state: State
    var flags: Flags = []

    struct Flags: OptionSet {
        var rawValue: UInt8
        /// A part of it was dropped: then the batch counts as dropped.
        static let lostPart = Flags(rawValue: 1)
        /// A job of the spool reads its bytes.
        static let pinned = Flags(rawValue: 2)
    }

    static let byteCount = 16
}
