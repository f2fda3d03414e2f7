import EventLoop
import Pipeline
import Testing

@testable import BoundaryLogProxy

/// Reading that waits, and reading that is cut short.
@Suite struct ReadModerationTests {
    /// Writes a frame and polls without waiting: whether it was read at once.
    private func isReadAtOnce(_ bench: Bench, _ client: TestClient, _ number: Int32) -> Bool {
        client.write(TestFrame.logs(session: "a", sequence: number..<number + 1))
        for _ in 0..<3 { bench.loop.runOnce(waiting: false) }
        return bench.snapshot.ingest.frames == UInt64(number + 1)
    }

    @Test func aClientThatSendsOftenRestsWhileTheNextFlushIsNotDue() throws {
        let bench = try Bench(["flush-interval": "1h", "drain-timeout": "1s"])
        let client = TestClient(bench.socketPath)
        var number: Int32 = 0
        // The first goes out at once. On a machine that is busy two frames may be too far apart to be often.
        while number < 100_000, isReadAtOnce(bench, client, number) { number += 1 }
        #expect(number > 0 && number < 100_000)
        // Nobody writes any more: it wakes up by itself.
        bench.run(until: "the last frame is read") { bench.snapshot.ingest.frames == UInt64(number + 1) }
        client.close()
        #expect(bench.finish().ledger.delivered.logs == UInt64(number + 1))
    }

    @Test func nothingRestsThatMayBeSentAtOnce() throws {
        let bench = try Bench(["flush-interval": "0"])
        let client = TestClient(bench.socketPath)
        bench.run(until: "it is connected") { bench.snapshot.connections == 1 }
        for number in Int32(0)..<500 { #expect(isReadAtOnce(bench, client, number)) }
        client.close()
        #expect(bench.finish().ledger.delivered.logs == 500)
    }

    /// The end of a connection that rests is seen, and what came before it.
    @Test func aClientThatRestsMayHangUp() throws {
        let bench = try Bench(["flush-interval": "1h", "drain-timeout": "1s"])
        let client = TestClient(bench.socketPath)
        var number: Int32 = 0
        while number < 100_000, isReadAtOnce(bench, client, number) { number += 1 }
        client.close()
        bench.run(until: "the connection is closed") { bench.snapshot.connections == 0 }
        #expect(bench.snapshot.ingest.frames == UInt64(number + 1))
        bench.finish()
    }

    @Test func aTurnReadsSoMuchAndNoMoreAndLeavesNobodyOut() throws {
        let bench = try Bench(["buffer-bytes": "64MiB"])
        let clients = (0..<40).map { _ in TestClient(bench.socketPath) }
        bench.run(until: "all are connected") { bench.snapshot.connections == 40 }
        // As much as a socket holds.
        let frame = TestFrame.logs(session: "a", sequence: 0..<1, urlBytes: 20_000)
        var written = 0
        for client in clients {
            while let count = client.writeSome(frame[...]), count == frame.count { written += 1 }
        }
        #expect(written * frame.count > 3 * ReadRound.bytesMax)
        var read: UInt64 = 0
        while bench.snapshot.ingest.frames < UInt64(written) {
            bench.loop.runOnce()
            let now = bench.snapshot.ingest.bytes
            #expect(now - read <= UInt64(ReadRound.bytesMax + 256 << 10))
            read = now
        }
        for client in clients { client.close() }
        #expect(bench.finish().ledger.delivered.batches == UInt64(written))
    }

    @Test func whoWasServedWaitsForThoseLeftOut() {
        var round = ReadRound()
        var served: [UInt64] = [0, 0, 0, 0]
        var order: [Int] = []
        func turn() {
            for index in served.indices where round.mayRead(served: served[index]) {
                round.didRead(ReadRound.bytesMax / 2)
                served[index] = round.number
                order.append(index)
            }
            round.endTurn()
        }
        for _ in 0..<5 { turn() }
        #expect(order == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1])
    }

    @Test func restsGrowWhileLittleComesAndEndInAFlood() {
        var length = RestLength()
        for _ in 0..<10 { length.adapt(fillMost: 10_000, hasRested: true) }
        #expect(length.nanoseconds == RestLength.longest)
        length.adapt(fillMost: 60_000, hasRested: true)
        #expect(length.nanoseconds == RestLength.longest)
        length.adapt(fillMost: 100_000, hasRested: true)
        #expect(length.nanoseconds == RestLength.longest / 2)
        for _ in 0..<10 { length.adapt(fillMost: 100_000, hasRested: true) }
        #expect(length.nanoseconds == RestLength.shortest)
        length.adapt(fillMost: 170_000, hasRested: true)
        #expect(length.nanoseconds == 0)
        for _ in 0..<15 { length.adapt(fillMost: 1_000, hasRested: false) }
        length.adapt(fillMost: 100_000, hasRested: false)
        for _ in 0..<15 { length.adapt(fillMost: 1_000, hasRested: false) }
        #expect(length.nanoseconds == 0)
        length.adapt(fillMost: 1_000, hasRested: false)
        #expect(length.nanoseconds == RestLength.shortest)
    }
}
