import Pipeline

/// A delivery that the destination has, and has not answered.
struct Flight {
    let delivery: Delivery
    let content: [LogRange]
    private let checksum: UInt64

    init(_ delivery: Delivery) throws(Violation) {
        self.delivery = delivery
        guard let content = LogRange.all(of: delivery.batches, logs: delivery.logs) else {
            throw Violation("delivery \(delivery.number) holds what was not received")
        }
        try require(content.logCount == delivery.logCount, "delivery \(delivery.number) of \(content.logCount) logs counts \(delivery.logCount)")
        self.content = content
        checksum = delivery.batches.checksum
    }

    /// The ring may not have changed what it lent.
    func checkBytes() throws(Violation) {
        try require(delivery.batches.checksum == checksum, "the bytes of delivery \(delivery.number), \(content), changed under way")
    }
}

extension [Batch] {
    var checksum: UInt64 {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for batch in self {
            var offset = 0
            while offset + 8 <= batch.request.count {
                sum = (sum ^ batch.request.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x100_0000_01b3
                offset += 8
            }
            for byte in batch.request[offset...] { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
        return sum
    }
}
