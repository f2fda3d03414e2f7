import TestSupport
import Wire

/// Writes valid payloads of both tags, with everything that the wire format allows and no ordinary encoder writes:
/// unknown fields and groups, repeated and mixed envelope fields, repeated scalars, varints with padding, empty messages.
struct PayloadGenerator {
    var random: TestRandom

    init(seed: UInt64) { random = TestRandom(seed: seed) }

    mutating func payload(_ tag: FrameTag) -> [UInt8] {
        tag == .logs ? request() : message()
    }

    // MARK: Messages

    mutating func message() -> [UInt8] {
        var bytes: [UInt8] = []
        let fieldCount = random.once(in: 3) ? random.below(5) : 1
        for _ in 0..<fieldCount {
            switch random.below(12) {
            case 0...8: appendBytesField(1, request(), to: &bytes)
            case 9...10: appendBytesField(2, status(), to: &bytes)
            default: appendUnknownField(to: &bytes)
            }
        }
        return bytes
    }

    mutating func request() -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<random.below(5) { appendBytesField(1, log(), to: &bytes) }
        if !random.once(in: 4) { appendBytesField(2, text(), to: &bytes) }
        if !random.once(in: 4) { appendBytesField(3, text(), to: &bytes) }
        while random.once(in: 5) {
            switch random.below(5) {
            case 0: appendBytesField(1, log(), to: &bytes)
            case 1: appendBytesField(2, text(), to: &bytes)
            case 2: appendBytesField(3, text(), to: &bytes)
            default: appendUnknownField(to: &bytes)
            }
        }
        return bytes
    }

    mutating func log() -> [UInt8] {
        var bytes: [UInt8] = []
        if random.once(in: 2) { appendVarintField(1, random.once(in: 8) ? random.next() : 1, to: &bytes) }
        if !random.once(in: 8) { appendBytesField(2, time(), to: &bytes) }
        if !random.once(in: 8) { appendBytesField(3, httpRequest(), to: &bytes) }
        if !random.once(in: 4) { appendVarintField(4, number(), to: &bytes) }
        while random.once(in: 6) {
            switch random.below(5) {
            case 0: appendVarintField(1, number(), to: &bytes)
            case 1: appendBytesField(2, time(), to: &bytes)
            case 2: appendBytesField(3, httpRequest(), to: &bytes)
            case 3: appendVarintField(4, number(), to: &bytes)
            default: appendUnknownField(to: &bytes)
            }
        }
        return bytes
    }

    private mutating func time() -> [UInt8] {
        var bytes: [UInt8] = []
        let seconds: UInt64 = switch random.below(8) {
        case 0: number()
        case 1: UInt64(bitPattern: -62_135_596_800 - Int64(random.below(2)))
        case 2: UInt64(bitPattern: 253_402_300_799 + Int64(random.below(2)))
        case 3: UInt64(bitPattern: Int64(random.below(4_000_000_000)) - 2_000_000_000)
        default: 1_700_000_000 + UInt64(random.below(100_000_000))
        }
        if !random.once(in: 10) { appendVarintField(1, seconds, to: &bytes) }
        if !random.once(in: 10) {
            appendVarintField(2, random.once(in: 8) ? number() : UInt64(random.below(1_000_000_001)), to: &bytes)
        }
        if random.once(in: 20) { appendUnknownField(to: &bytes) }
        return bytes
    }

    private mutating func httpRequest() -> [UInt8] {
        var bytes: [UInt8] = []
        for field in 1...3 where !random.once(in: 6) { appendBytesField(UInt64(field), text(), to: &bytes) }
        if random.once(in: 12) { appendBytesField(UInt64(1 + random.below(3)), text(), to: &bytes) }
        if random.once(in: 20) { appendUnknownField(to: &bytes) }
        return bytes
    }

    private mutating func status() -> [UInt8] {
        var bytes: [UInt8] = []
        while !random.once(in: 3) { appendVarintField(UInt64(1 + random.below(2)), number(), to: &bytes) }
        if random.once(in: 8) { appendUnknownField(to: &bytes) }
        return bytes
    }

    // MARK: Values

    private mutating func text() -> [UInt8] {
        switch random.below(16) {
        case 0: return []
        case 1...9: return (0..<random.below(12)).map { _ in UInt8(0x21 + random.below(0x5E)) }
        case 10: return (0..<random.below(120)).map { _ in UInt8(0x21 + random.below(0x5E)) }
        case 11: return (0..<random.below(10)).map { _ in UInt8(random.below(0x80)) }
        default: return (0..<random.below(14)).flatMap { _ in Array(scalar().description.utf8) }
        }
    }

    private mutating func scalar() -> Unicode.Scalar {
        let limits: [Int] = [0x80, 0x80, 0x800, 0x1_0000, 0x11_0000]
        let value = UInt32(random.below(limits[random.below(limits.count)]))
        return Unicode.Scalar(value) ?? "\u{D7FF}"
    }

    /// Small numbers and large ones, evenly by length.
    private mutating func number() -> UInt64 {
        random.next() &>> UInt64(random.below(64))
    }

    // MARK: Wire format

    mutating func appendBytesField(_ number: UInt64, _ value: [UInt8], to bytes: inout [UInt8]) {
        appendTag(number, 2, to: &bytes)
        appendVarint(UInt64(value.count), to: &bytes)
        bytes += value
    }

    private mutating func appendVarintField(_ number: UInt64, _ value: UInt64, to bytes: inout [UInt8]) {
        appendTag(number, 0, to: &bytes)
        appendVarint(value, to: &bytes)
    }

    /// An unknown number, or a known one with another wire type.
    private mutating func appendUnknownField(to bytes: inout [UInt8], depth: Int = 0) {
        let number = random.once(in: 3) ? UInt64(1 + random.below(4)) : 5 + (random.next() &>> UInt64(35 + random.below(29))) % (1 << 29 - 5)
        switch random.below(depth < 6 ? 6 : 4) {
        case 0:
            // Known numbers that are varints somewhere are bytes elsewhere; 0 would change values only, which is allowed too.
            appendTag(number + 4, 0, to: &bytes)
            appendVarint(self.number(), to: &bytes)
        case 1:
            appendTag(number, 1, to: &bytes)
            for _ in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
        case 2:
            appendTag(number, 5, to: &bytes)
            for _ in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
        case 3:
            appendBytesField(number + 4, (0..<random.below(8)).map { _ in UInt8(truncatingIfNeeded: random.next()) }, to: &bytes)
        default:
            appendTag(number, 3, to: &bytes)
            for _ in 0..<random.below(3) { appendUnknownField(to: &bytes, depth: depth + 1) }
            appendTag(number, 4, to: &bytes)
        }
    }

    private mutating func appendTag(_ number: UInt64, _ wireType: UInt64, to bytes: inout [UInt8]) {
        appendVarint(min(number, 1 << 29 - 1) << 3 | wireType, to: &bytes)
    }

    /// Now and then padded with empty groups of seven bits, up to the ten bytes that a decoder must take.
    private mutating func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        var length = 1
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest &>>= 7
            length += 1
        }
        guard length < 10, random.once(in: 60) else {
            bytes.append(UInt8(rest))
            return
        }
        let padding = 1 + random.below(random.once(in: 6) ? 10 - length : min(3, 10 - length))
        bytes.append(UInt8(rest) | 0x80)
        bytes += [UInt8](repeating: 0x80, count: padding - 1)
        bytes.append(0)
    }
}
