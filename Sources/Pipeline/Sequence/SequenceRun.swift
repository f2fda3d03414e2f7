/// The sequence numbers seen of one client's count: all from `first` up to `next`, but for the holes.
///
/// On the wire a number is an int32 that wraps around. Here it is unwrapped: an Int64 of which the wire has the lower 32 bits, so that numbers
/// compare as they were given, over any number of wraps.
struct SequenceRun: Equatable {
    /// The lowest number seen.
    private(set) var first: Int64
    /// The one after the highest seen.
    private(set) var next: Int64
    /// What lies between and has not arrived: ascending, none empty, none touching another. No allocation while there is none.
    private(set) var holes: [Range<Int64>] = []
    /// Numbers in `holes`.
    private(set) var missing: UInt64 = 0

    /// What became of numbers that arrived.
    struct Change: Equatable {
        /// Seen before.
        var duplicated: UInt64 = 0
        /// Not seen before, but a higher one was.
        var outOfOrder: UInt64 = 0
        /// Numbers of holes that are not remembered any more: there were too many holes.
        var forgotten: UInt64 = 0
        var holesForgotten: UInt64 = 0
    }

    init(_ numbers: Range<Int64>) {
        first = numbers.lowerBound
        next = numbers.upperBound
    }

    /// The number nearest to `next` whose lower 32 bits are `number`: at most 2^31 before it, less than that after it.
    @inline(__always)
    func unwrapped(_ number: UInt32) -> Int64 {
        next &+ Int64(Int32(bitPattern: number &- UInt32(truncatingIfNeeded: next)))
    }

    /// Whether `number` is the one that is due.
    @inline(__always)
    func isDue(_ number: UInt32) -> Bool { UInt32(truncatingIfNeeded: next) == number }

    /// `count` numbers came that were due.
    @inline(__always)
    mutating func advance(_ count: Int) { next &+= Int64(truncatingIfNeeded: count) }

    func contains(_ number: Int64) -> Bool {
        number >= first && number < next && !holes.contains { $0.contains(number) }
    }

    /// What was seen, ascending.
    var seen: [Range<Int64>] {
        var ranges: [Range<Int64>] = []
        var start = first
        for hole in holes {
            ranges.append(start..<hole.lowerBound)
            start = hole.upperBound
        }
        return ranges + [start..<next]
    }

    /// Takes numbers that arrived, not empty. Of more than `holesMax` holes the lowest are forgotten.
    mutating func insert(_ numbers: Range<Int64>, holesMax: Int) -> Change {
        var change = Change()
        if numbers.lowerBound >= next {
            addHole(next..<numbers.lowerBound, at: holes.count)
            next = numbers.upperBound
        } else if numbers.upperBound <= first {
            change.outOfOrder = UInt64(numbers.count)
            addHole(numbers.upperBound..<first, at: 0)
            first = numbers.lowerBound
        } else {
            let known = numbers.clamped(to: first..<next)
            let filled = fill(known)
            change.duplicated = UInt64(known.count) - filled
            change.outOfOrder = filled + UInt64(known.lowerBound - numbers.lowerBound)
            first = min(first, numbers.lowerBound)
            next = max(next, numbers.upperBound)
        }
        while holes.count > holesMax {
            let lost = UInt64(holes.removeFirst().count)
            missing &-= lost
            change.forgotten &+= lost
            change.holesForgotten += 1
        }
        return change
    }

    private mutating func addHole(_ hole: Range<Int64>, at index: Int) {
        guard !hole.isEmpty else { return }
        holes.insert(hole, at: index)
        missing &+= UInt64(hole.count)
    }

    /// Takes `numbers` out of the holes. Returns how many lay in one.
    private mutating func fill(_ numbers: Range<Int64>) -> UInt64 {
        var filled: UInt64 = 0
        var index = 0
        while index < holes.count, holes[index].lowerBound < numbers.upperBound {
            let hole = holes[index]
            let part = hole.clamped(to: numbers)
            guard !part.isEmpty else {
                index += 1
                continue
            }
            filled += UInt64(part.count)
            let (before, after) = (hole.lowerBound..<part.lowerBound, part.upperBound..<hole.upperBound)
            switch (before.isEmpty, after.isEmpty) {
            case (true, true):
                holes.remove(at: index)
            case (true, false):
                holes[index] = after
            case (false, true):
                holes[index] = before
                index += 1
            case (false, false):
                holes[index] = before
                holes.insert(after, at: index + 1)
                index += 1
            }
        }
        missing &-= filled
        return filled
    }
}
