import TestSupport

/// Damages payloads byte by byte: flip, set, delete, insert, truncate, repeat, splice with an earlier payload, shift a length by one.
struct PayloadMutator {
    private var random: TestRandom
    private var pool: [[UInt8]] = []

    init(seed: UInt64) { random = TestRandom(seed: seed) }

    mutating func mutate(_ payload: [UInt8]) -> [UInt8] {
        var bytes = payload
        for _ in 0...random.below(3) { mutateOnce(&bytes) }
        if pool.count < 32 { pool.append(payload) } else { pool[random.below(32)] = payload }
        return bytes
    }

    private mutating func mutateOnce(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = [interestingByte()]
            return
        }
        let position = random.below(bytes.count)
        switch random.below(9) {
        case 0: bytes[position] ^= 1 << UInt8(random.below(8))
        case 1: bytes[position] = interestingByte()
        case 2: bytes.removeSubrange(position..<min(bytes.count, position + 1 + random.below(4)))
        case 3: bytes.insert(contentsOf: (0...random.below(3)).map { _ in interestingByte() }, at: position)
        case 4: bytes.removeSubrange(position...)
        case 5: bytes.insert(contentsOf: bytes[position..<min(bytes.count, position + random.below(24))], at: position)
        case 6 where !pool.isEmpty:
            let other = pool[random.below(pool.count)]
            bytes = Array(bytes[..<position]) + other.suffix(random.below(other.count + 1))
        case 7: bytes[position] &-= 1
        default: bytes[position] &+= 1
        }
    }

    /// Bytes with a meaning to a decoder: continuation bits, tags of known fields, group ends, reserved wire types, UTF-8 leads.
    private mutating func interestingByte() -> UInt8 {
        let bytes: [UInt8] = [0, 1, 2, 7, 0x08, 0x0A, 0x0B, 0x0C, 0x0E, 0x12, 0x1A, 0x20, 0x7F, 0x80, 0x81, 0xC0, 0xED, 0xF0, 0xF4, 0xFF]
        return random.once(in: 3) ? UInt8(truncatingIfNeeded: random.next()) : bytes[random.below(bytes.count)]
    }
}
