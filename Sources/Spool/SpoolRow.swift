internal import CXXHash

/// A row as it lies in the database. The pointers are valid as long as what they were made from.
struct SpoolRow {
    /// What a row counts for, and where it is in line.
    struct Header {
        var id: Int64
        /// When its oldest batch arrived: nanoseconds since 1970.
        var arrived: Int64
        var logs: Int64
        var batches: Int64
        /// Request bytes.
        var bytes: Int64
    }

    var header: Header
    /// A hash of session and process: rows of equal ones are found by it, and then compared.
    var lane: Int64
    var session: UnsafeRawBufferPointer
    var process: UnsafeRawBufferPointer
    /// The length of each batch, as varints.
    var sizes: UnsafeRawBufferPointer
    /// The batches, end to end.
    var body: UnsafeRawBufferPointer

    /// XXH3 (64 bits) of each of its parts, each with the one before as seed; the first are its numbers, the lengths of the others among them.
    /// https://xxhash.com
    var checksum: Int64 {
        let fields = [
            header.id, header.arrived, header.logs, header.batches, header.bytes, lane, Int64(session.count), Int64(process.count), Int64(sizes.count),
        ]
        var sum = fields.withUnsafeBytes { blp_xxh3($0.baseAddress, $0.count, 0) }
        for part in [session, process, sizes, body] { sum = blp_xxh3(part.baseAddress, part.count, sum) }
        return Int64(bitPattern: sum)
    }

    /// FNV-1a, 64 bits.
    static func lane(session: UnsafeRawBufferPointer, process: UnsafeRawBufferPointer) -> Int64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for byte in session { mix(byte) }
        // Not a byte of UTF-8: it parts the two.
        mix(0xFF)
        for byte in process { mix(byte) }
        return Int64(bitPattern: hash)
    }

    // MARK: Sizes

    static func append(size: Int, to sizes: inout [UInt8]) {
        var rest = size
        while rest >= 0x80 {
            sizes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        sizes.append(UInt8(rest))
    }

    /// The lengths of the batches; nil if they do not fit the body.
    var batchBytes: [Int]? {
        var result: [Int] = []
        result.reserveCapacity(Int(clamping: min(header.batches, Int64(sizes.count))))
        var (value, shift, total) = (0, 0, 0)
        for byte in sizes {
            guard shift < 56 else { return nil }
            value |= Int(byte & 0x7F) << shift
            shift += 7
            guard byte < 0x80 else { continue }
            total += value
            guard total <= body.count else { return nil }
            result.append(value)
            (value, shift) = (0, 0)
        }
        return shift == 0 && total == body.count && result.count == header.batches ? result : nil
    }
}
