import BoundaryLogProxy
import HTTPServer
import Pipeline
import Testing
import Wire

/// Frames that the embedding program submits.
@Suite(.timeLimit(.minutes(2))) struct SubmissionTests {
    private static var embedding: Embedding {
        var embedding = Embedding()
        embedding.takesSubmissions = true
        return embedding
    }

    /// A frame with one log, of `bytes` or a little more.
    private static func frame(_ number: Int32, bytes: Int = 0) -> [UInt8] {
        var frame: [UInt8] = []
        LogEncoder.appendLog(
            allowed: true, nanoseconds: 1, method: Array("GET".utf8), url: [UInt8](repeating: UInt8(ascii: "u"), count: bytes), matchedRule: [],
            sequenceNumber: number, to: &frame)
        LogEncoder.appendSession(Array("s".utf8), process: [], to: &frame)
        return frame
    }

    private func submit(_ bench: Bench, tag: UInt8 = 1, _ bytes: [UInt8]) throws(SubmissionQueue.Refusal) {
        let queue = bench.proxy!.submissions!
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(SubmissionQueue.Refusal) in try queue.submit(tag: tag, payload: bytes) }
        }
        try result.get()
    }

    /// Submits frames of 32 KB until there is no room: their number.
    private func fill(_ bench: Bench, from number: Int32) -> Int32 {
        var next = number
        while (try? submit(bench, Self.frame(next, bytes: 32_000))) != nil { next += 1 }
        return next
    }

    /// The destination does not answer, and clients wait: ring and queue are full of so many frames.
    private func fullBench() throws -> (bench: Bench, count: Int32) {
        let bench = try Bench(
            ["buffer-bytes": "2MiB", "request-bytes-max": "64KiB", "overflow": "block", "durability": "memory"], embedding: Self.embedding)
        bench.answer = { _ in nil }
        var count: Int32 = 0
        bench.run(until: "nothing more is taken") {
            let before = count
            count = fill(bench, from: count)
            return bench.snapshot.isReadingPaused && count == before
        }
        return (bench, count)
    }

    @Test func theyAreDeliveredLikeThoseOfClients() throws {
        let bench = try Bench(embedding: Self.embedding)
        for number: Int32 in 0..<100 { try submit(bench, Self.frame(number)) }
        #expect(bench.snapshot.submissions?.waiting == 100)
        // A status is for the counters.
        try submit(bench, tag: 2, [0x12, 0x02, 0x08, 0x07])
        bench.run(until: "all is delivered") { bench.snapshot.ledger.delivered.logs == 100 }
        let end = bench.finish()
        #expect(end.submissions?.accepted == 101 && end.submissions?.waiting == 0 && end.submissions?.bytesWaiting == 0)
        #expect(end.ledger.received == Tally(logs: 100, batches: 100))
        #expect(end.ingest.clientDroppedChannelFull == 7)
        #expect(end.sequences.missing == 0)
    }

    @Test func whatIsNotAFrameIsRefused() throws {
        let bench = try Bench(embedding: Self.embedding)
        for (tag, bytes) in [(0, []), (3, []), (1, [UInt8](repeating: 0, count: 32_769)), (1, [0xff])] as [(UInt8, [UInt8])] {
            #expect(throws: SubmissionQueue.Refusal.self) { try submit(bench, tag: tag, bytes) }
        }
        #expect(bench.finish().submissions?.accepted == 0)
    }

    @Test func aFullQueueSaysSoAndLosesNothing() throws {
        let bench = try Bench(["buffer-bytes": "2MiB"], embedding: Self.embedding)
        let count = fill(bench, from: 0)
        #expect((15...16).contains(count))
        #expect(bench.snapshot.submissions?.refused == 1)
        let end = bench.finish()
        #expect(end.ledger.delivered.logs == UInt64(count) && end.ledger.dropped == Tally())
    }

    /// The ring is full and the destination does not answer: the queue fills up behind it, and goes on when there is room.
    @Test func withBlockTheyWaitForTheRing() throws {
        let (bench, count) = try fullBench()
        #expect(bench.snapshot.submissions!.waiting > 0)
        bench.answer = { _ in HTTPServerResponse(status: 200) }
        bench.answerHeld(HTTPServerResponse(status: 200))
        let end = bench.finish()
        #expect(end.ledger.delivered.logs == UInt64(count) && end.ledger.dropped == Tally())
    }

    @Test func whatIsLeftWhenTheDrainEndsIsCounted() throws {
        let (bench, count) = try fullBench()
        bench.stop()
        bench.proxy!.stopNow()
        let end = bench.finish()
        #expect(end.ledger.received.logs == UInt64(count) && end.ledger.droppedShutdown.logs == UInt64(count))
        #expect(end.submissions?.waiting == 0)
    }
}
