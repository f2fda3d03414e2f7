@testable import Pipeline

/// Makes deliveries of batches whose bytes lie where they would in the ring; they are freed with this.
final class DeliveryFixture {
    private var memory: [UnsafeMutableRawBufferPointer] = []
    private var nextNumber: UInt64 = 1

    deinit {
        for block in memory { block.deallocate() }
    }

    /// `batches`: logs of each. All of one session.
    func delivery(
        batches: [Int] = [2], session: String = "5f0e2f3c-0000-4000-8000-000000000001", urlBytes: Int = 20, logs: Range<Int>? = nil
    ) -> Delivery {
        var sequence = 0
        let made = batches.map { count in
            defer { sequence += count }
            return batch(logs: sequence..<(sequence + count), session: session, urlBytes: urlBytes)
        }
        defer { nextNumber += 1 }
        return Delivery(
            number: nextNumber, key: "test-\(nextNumber)", batches: made, logs: logs,
            logCount: logs?.count ?? batches.reduce(0, +), attempt: 1)
    }

    func again(_ delivery: Delivery) -> Delivery {
        var next = delivery
        next.attempt += 1
        return next
    }

    /// Overwrites what the batches point to, as the ring does after settling.
    func scribble() {
        for block in memory { block.initializeMemory(as: UInt8.self, repeating: 0xAA) }
    }

    private func batch(logs: Range<Int>, session: String, urlBytes: Int) -> Batch {
        var bytes: [UInt8] = []
        for number in logs {
            var request: [UInt8] = []
            field(1, Array("GET".utf8), to: &request)
            field(2, Array("https://e.org/".utf8) + [UInt8](repeating: UInt8(ascii: "u"), count: urlBytes), to: &request)
            field(3, Array("*.org".utf8), to: &request)
            var log: [UInt8] = [0x08, 0x01]
            field(2, [0x08, 0x80, 0x80, 0x80, 0xA0, 0x06], to: &log)
            field(3, request, to: &log)
            log.append(0x20)
            varint(number, to: &log)
            field(1, log, to: &bytes)
        }
        field(2, Array(session.utf8), to: &bytes)
        let sessionID = (bytes.count - session.utf8.count)..<bytes.count
        field(3, Array("test".utf8), to: &bytes)
        let processName = (bytes.count - 4)..<bytes.count
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        block.copyBytes(from: bytes)
        memory.append(block)
        return Batch(
            request: UnsafeRawBufferPointer(block), logCount: logs.count, sessionID: sessionID, processName: processName,
            arrived: Instant(nanoseconds: 0), position: .none)
    }

    private func field(_ number: Int, _ content: [UInt8], to output: inout [UInt8]) {
        output.append(UInt8(number << 3 | 2))
        varint(content.count, to: &output)
        output += content
    }

    private func varint(_ value: Int, to output: inout [UInt8]) {
        var rest = UInt(value)
        while rest >= 0x80 {
            output.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        output.append(UInt8(rest))
    }
}

extension Delivery {
    /// All pieces laid end to end.
    var bytes: [UInt8] { batches.flatMap { Array($0.request) } }
}
