import EventLoop
import Glibc
import Pipeline
import TestSupport
import Testing

@testable import BoundaryLogProxy

/// What one connection may do: bytes a second, and the time for a frame.
@Suite struct ClientLimitTests {
    // MARK: The bucket

    @Test func aBucketHoldsASecondAndFillsAtItsRate() {
        let limit = RateLimit(bytesPerSecond: 100_000)
        var bucket = RateLimit.Bucket()
        var now: UInt64 = 5_000_000_000
        #expect(limit.capacity == 100_000 && limit.available(bucket, now: now) == 100_000)
        limit.take(100_000, from: &bucket, now: now)
        #expect(limit.available(bucket, now: now) == 0)
        // A tenth of a second's worth is worth a wake-up.
        #expect(limit.resumption(bucket) == now + 100_000_000)
        now += 500_000_000
        #expect(limit.available(bucket, now: now) == 50_000)
        now += 3_600_000_000_000
        #expect(limit.available(bucket, now: now) == 100_000, "no more is saved")
    }

    @Test func aSmallRateStillLetsAFrameThrough() {
        let limit = RateLimit(bytesPerSecond: 1)
        var bucket = RateLimit.Bucket()
        #expect(limit.capacity == 64 << 10)
        limit.take(64 << 10, from: &bucket, now: 1)
        #expect(limit.available(bucket, now: 1) == 0 && limit.resumption(bucket) == 1 + 4096 * 1_000_000_000)
        #expect(limit.available(bucket, now: limit.resumption(bucket)) == 4096)
    }

    /// Whatever is read when: never more than the bucket and what came in since.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func neverMoreThanItsRate(seed: UInt64) {
        var random = TestRandom(seed: seed)
        let rate = Int.random(in: 1...10_000_000, using: &random)
        let limit = RateLimit(bytesPerSecond: rate)
        var bucket = RateLimit.Bucket()
        let start: UInt64 = 1_000_000
        var (now, taken) = (start, 0)
        for _ in 0..<2000 {
            now += UInt64.random(in: 0...50_000_000, using: &random)
            let count = min(limit.available(bucket, now: now), Int.random(in: 1...300_000, using: &random))
            if count > 0 { limit.take(count, from: &bucket, now: now) }
            taken += count
            #expect(Double(taken) <= Double(limit.capacity) + Double(now - start) / 1e9 * Double(rate) + 2001)
        }
    }

    // MARK: Connections

    /// A client that writes frames of 10 KB as fast as they are taken.
    private final class Flooder {
        let client: TestClient
        private let session: String
        private var rest: ArraySlice<UInt8> = []
        private(set) var logs = 0

        init(_ bench: Bench, session: String = "a") {
            client = TestClient(bench.socketPath)
            self.session = session
        }

        func writeSome() {
            if rest.isEmpty {
                rest = TestFrame.logs(session: session, sequence: Int32(logs)..<Int32(logs + 1), urlBytes: 10_000)[...]
                logs += 1
            }
            rest = rest.dropFirst(client.writeSome(rest) ?? 0)
        }

        func flood(_ bench: Bench, until what: String, _ condition: () -> Bool) {
            bench.run(until: what) {
                writeSome()
                bench.loop.turnSoon()
                return condition()
            }
        }

        /// Writes the rest of its last frame.
        func finishFrame(_ bench: Bench) {
            bench.run(until: "the last frame is written") {
                rest = rest.dropFirst(client.writeSome(rest) ?? 0)
                if !rest.isEmpty { bench.loop.turnSoon() }
                return rest.isEmpty
            }
        }
    }

    @Test func whoSendsMoreThanAllowedWaitsAndNothingIsLost() throws {
        let bench = try Bench(["client-rate-limit": "400KiB", "metrics-listen": "127.0.0.1:0"])
        let started = bench.loop.now
        let flooder = Flooder(bench)
        let other = TestClient(bench.socketPath)
        func checkRate() {
            let seconds = Double(bench.loop.now - started) / 1e9
            for client in bench.proxy!.busiestClients(50) { #expect(Double(client.bytes) <= (1 + seconds) * Double(400 << 10)) }
        }
        flooder.flood(bench, until: "it has to wait") { bench.snapshot.connectionsRateLimited == 1 }
        checkRate()
        #expect(bench.proxy!.busiestClients(50).map(\.isReadingPaused) == [true, false])
        #expect(bench.proxy!.metricsText.contains("agent_boundary_log_proxy_connections_rate_limited 1\n"))
        // Others do not.
        other.write(TestFrame.logs(session: "b", sequence: 0..<1))
        bench.run(until: "the other is heard") { bench.received().contains("b/0") }
        let pauses = bench.snapshot.ingest.rateLimitPauses
        flooder.flood(bench, until: "it has had to wait again") { bench.snapshot.ingest.rateLimitPauses > pauses + 1 }
        flooder.finishFrame(bench)
        bench.run(until: "all has come") {
            checkRate()
            return bench.snapshot.ledger.delivered.logs == UInt64(flooder.logs + 1)
        }
        flooder.client.close()
        other.close()
        let end = bench.finish()
        #expect(end.connectionsRateLimited == 0 && end.ledger.dropped == Tally())
        #expect(bench.received().filter { $0.hasPrefix("a/") } == (0..<flooder.logs).map { "a/\($0)" })
    }

    /// At 1 KiB a second it would take minutes; what was written is read at the end of the drain all the same.
    @Test func theDrainDoesNotWaitForTheLimit() throws {
        let bench = try Bench(["client-rate-limit": "1KiB", "drain-timeout": "500ms"])
        let flooder = Flooder(bench)
        flooder.flood(bench, until: "it has to wait") { bench.snapshot.connectionsRateLimited == 1 }
        for _ in 0..<5 { flooder.writeSome() }
        flooder.finishFrame(bench)
        let end = bench.finish()
        #expect(end.ledger.delivered.logs == UInt64(flooder.logs) && end.ledger.dropped == Tally())
    }

    @Test func whoWaitsForTheLimitIsNotIdle() throws {
        let bench = try Bench(["client-rate-limit": "200KiB", "connection-idle-timeout": "10ms", "frame-timeout": "10ms"])
        let flooder = Flooder(bench)
        flooder.flood(bench, until: "it has to wait") { bench.snapshot.connectionsRateLimited == 1 }
        flooder.finishFrame(bench)
        bench.run(until: "all has come") { bench.snapshot.ingest.frames == UInt64(flooder.logs) }
        #expect(bench.snapshot.ingest.connectionsIdleClosed == 0)
        // And then it is.
        try bench.runUntilHangUp(flooder.client)
        let end = bench.finish()
        #expect(end.ingest.connectionsIdleClosed == 1 && end.ingest.rejected(.frameTimeout) == 0 && end.ledger.delivered.logs == UInt64(flooder.logs))
    }

    /// Steady clients are read in groups; the limit takes them out and puts them back.
    @Test func clientsThatRestAreHeldToItToo() throws {
        let bench = try Bench(["client-rate-limit": "100KiB", "flush-interval": "50ms"])
        let flooders = (0..<8).map { Flooder(bench, session: "s\($0)") }
        bench.run(until: "all had to wait") {
            for flooder in flooders { flooder.writeSome() }
            bench.loop.turnSoon()
            return bench.snapshot.ingest.rateLimitPauses >= 8
        }
        for flooder in flooders { flooder.finishFrame(bench) }
        for flooder in flooders { flooder.client.close() }
        bench.run(until: "all have ended") { bench.snapshot.connections == 0 }
        #expect(bench.finish().ledger.delivered.logs == UInt64(flooders.reduce(0) { $0 + $1.logs }))
    }

    @Test func aFrameThatIsNotCompletedInTimeEndsTheConnection() throws {
        let bench = try Bench(["frame-timeout": "20ms"])
        let client = TestClient(bench.socketPath)
        let frame = TestFrame.logs(session: "a", sequence: 2..<3)
        client.write(TestFrame.logs(session: "a", sequence: 0..<2) + frame.dropLast())
        try bench.runUntilHangUp(client)
        let end = bench.finish()
        #expect(end.ingest.rejected(.frameTimeout) == 1 && end.ingest.rejected(.truncatedFrame) == 0)
        #expect(end.ledger.delivered.logs == 2, "what came before is kept")
        #expect(bench.messages.count(containing: "frame-timeout") == 1)
    }

    @Test func aFrameThatDribblesInEndsTheConnectionToo() throws {
        let bench = try Bench(["frame-timeout": "20ms"])
        let client = TestClient(bench.socketPath)
        let frame = TestFrame.logs(session: "a", sequence: 0..<1, urlBytes: 30_000)
        var sent = 0
        bench.run(until: "it is closed") {
            if sent < frame.count - 1 { sent += client.writeSome(frame[sent..<sent + 1]) ?? 0 }
            return bench.snapshot.ingest.rejected(.frameTimeout) == 1
        }
        #expect(sent < frame.count - 1)
        bench.finish()
    }

    @Test func wholeFramesAreNeverLate() throws {
        let bench = try Bench(["frame-timeout": "10ms"])
        let client = TestClient(bench.socketPath)
        let late = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<1))
        late.write([1])
        bench.run(until: "the other one is late") { bench.snapshot.ingest.rejected(.frameTimeout) == 1 }
        #expect(bench.snapshot.connections == 1)
        client.write(TestFrame.logs(session: "a", sequence: 1..<2))
        bench.run(until: "it is still heard") { bench.snapshot.ledger.delivered.logs == 2 }
        client.close()
        bench.finish()
    }

    /// A process that was stopped, or a machine that slept: what clients sent meanwhile is in their sockets.
    @Test func aLoopThatStoodStillHoldsThatAgainstNobody() throws {
        let bench = try Bench(["frame-timeout": "5ms", "connection-idle-timeout": "5ms"])
        let client = TestClient(bench.socketPath)
        let frame = TestFrame.logs(session: "a", sequence: 0..<1)
        client.write(Array(frame.prefix(9)))
        // The rest is written before the time is up, and the loop turns only when it is.
        bench.run(until: "the beginning is read") { bench.snapshot.ingest.bytes == 9 }
        client.write(Array(frame.dropFirst(9)))
        let until = bench.loop.now + 20_000_000
        while bench.loop.now < until {}
        bench.run(until: "it is read") { bench.snapshot.ingest.frames == 1 }
        #expect(bench.snapshot.ingest.rejected(.frameTimeout) == 0)
        client.close()
        #expect(bench.finish().ledger.delivered.logs == 1)
    }

    // MARK: What is seen

    @Test func theBusiestClientsAreListed() throws {
        let bench = try Bench()
        let clients = (0..<60).map { _ in TestClient(bench.socketPath) }
        bench.run(until: "all are connected") { bench.snapshot.connections == 60 }
        for (number, client) in clients.enumerated() {
            for frame in 0...number { client.write(TestFrame.logs(session: "s\(number)", sequence: Int32(frame) * 2..<Int32(frame) * 2 + 2)) }
        }
        bench.run(until: "all have been read") { bench.snapshot.ingest.frames == 60 * 61 / 2 }
        let reports = bench.proxy!.busiestClients(50)
        #expect(reports.map(\.frames) == (11...60).reversed())
        #expect(reports.map(\.logs) == (11...60).reversed().map { $0 * 2 })
        #expect(reports.allSatisfy { $0.peer.credentials?.processID == getpid() && $0.peer.credentials?.userID == geteuid() && $0.peer.process != nil })
        #expect(reports.allSatisfy { $0.idleSeconds <= $0.connectedSeconds && !$0.isReadingPaused })
        #expect(reports.map(\.bytes) == reports.map(\.bytes).sorted(by: >))
        for client in clients { client.close() }
        bench.finish()
    }
}
