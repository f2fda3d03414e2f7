import Glibc
import Pipeline
import Spool
import TestSupport
import Testing

@Suite struct SpoolStoreTests {
    @Test func whatIsWrittenComesBackInOrder() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        defer { store.close() }
        let empty = store.run(bench.job())
        #expect(empty.failure == nil && empty.content == SpoolContent())
        let arrived = bench.clock.now
        let written = store.run(bench.job { job in
            job.runs = [bench.run("a", 0..<10), bench.run("b", 0..<5), bench.run("a", 10..<12)]
        })
        #expect(written.failure == nil)
        #expect(written.content?.waiting == Tally(logs: 17, batches: 3))
        #expect(written.content?.oldestArrived == arrived)
        bench.clock.advance(.seconds(2))
        let loaded = store.run(bench.job { $0.load = SpoolLoad(bytesMax: 1 << 20, totalBytesMax: 1 << 20, mixesSessions: false, keys: ["k1", "k2"]) })
        #expect(loaded.loaded.map(\.key) == ["k1", "k2"])
        #expect(loaded.loaded.map { SpoolRequest.logs(in: $0).map(\.sequence) } == [Array(0..<12), Array(0..<5)])
        #expect(loaded.loaded.map(\.tally) == [Tally(logs: 12, batches: 2), Tally(logs: 5, batches: 1)])
        #expect(loaded.loaded.allSatisfy { $0.age == .seconds(2) && !$0.wasClaimed })
        #expect(loaded.content?.waiting == Tally() && loaded.content?.oldestArrived == nil)
        #expect(try #require(loaded.content).bytes > 0)
        let settled = store.run(bench.job { $0.settled = ["k1", "k2", "unknown"] })
        #expect(settled.failure == nil && settled.content == SpoolContent())
    }

    @Test func aMixingDestinationGetsNeighboursTogether() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        defer { store.close() }
        let result = store.run(bench.job { job in
            job.runs = [bench.run("a", 0..<1), bench.run("b", 0..<1), bench.run("a", 1..<2, urlBytes: 5000), bench.run("c", 0..<1)]
            job.load = SpoolLoad(bytesMax: 300, totalBytesMax: 1 << 20, mixesSessions: true, keys: ["1", "2", "3", "4"])
        })
        // The large one goes by itself, and nothing passes it.
        #expect(result.loaded.map { SpoolRequest.logs(in: $0).map(\.session) } == [["a", "b"], ["a"], ["c"]])
    }

    @Test func boundsOfALoad() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        defer { store.close() }
        let row = bench.batch("a", 0..<1, urlBytes: 1000).request.count
        _ = store.run(bench.job { job in job.runs = (0..<10).map { bench.run("a", $0..<$0 + 1, urlBytes: 1000) } })
        func load(_ rows: Int, total: Int, keys: Int) -> [Int] {
            store.run(bench.job { job in
                job.load = SpoolLoad(
                    bytesMax: rows * row, totalBytesMax: total * row, mixesSessions: false, keys: (0..<keys).map { "\(rows)-\(total)-\($0)" })
            }).loaded.map(\.rows.count)
        }
        #expect(load(2, total: 0, keys: 0) == [])
        #expect(load(2, total: 0, keys: 3) == [2])
        #expect(load(2, total: 5, keys: 3) == [2, 2])
        #expect(load(3, total: 100, keys: 1) == [3])
        #expect(load(3, total: 100, keys: 5) == [1])
    }

    @Test func claimsOutliveTheProcess() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        _ = store.run(bench.job { job in
            job.runs = [bench.run("a", 0..<1), bench.run("a", 1..<2), bench.run("b", 0..<1), bench.run("c", 0..<1, key: "from-the-ring")]
            job.load = SpoolLoad(bytesMax: 1 << 20, totalBytesMax: 1, mixesSessions: false, keys: ["first"])
        })
        let next = try bench.crash(to: "next")
        store.close()
        next.clock.restart(at: 5)
        next.clock.advance(.seconds(60))
        let reopened = try next.open()
        defer { reopened.close() }
        let opened = reopened.run(next.job())
        #expect(opened.content?.waiting == Tally(logs: 4, batches: 4))
        // It arrived before this process's clock began.
        #expect(opened.content?.oldestArrived == Instant(nanoseconds: 5))
        let deliveries = next.drain(reopened)
        // In the order of their claims: what a job stores is older than what it takes out.
        #expect(deliveries.map(\.key) == ["from-the-ring", "first", "drain-0-0"])
        #expect(deliveries.map(\.wasClaimed) == [true, true, false])
        #expect(deliveries.map { SpoolRequest.logs(in: $0).map(\.session) } == [["c"], ["a", "a"], ["b"]])
        #expect(deliveries.allSatisfy { $0.age == .seconds(60) })
    }

    @Test func partOfABatch() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        defer { store.close() }
        _ = store.run(bench.job { job in
            job.runs = [SpoolRun(key: nil, batches: [bench.batch("a", 0..<10)], logs: 3..<6, logCount: 3)]
        })
        let delivery = try #require(bench.drain(store).first)
        #expect(SpoolRequest.logs(in: delivery) == (3..<6).map { SpoolRequest.Log(session: "a", sequence: $0) })
        #expect(delivery.tally == Tally(logs: 3, batches: 1))
    }

    @Test func whatIsTooOldAndWhatMakesRoomGoes() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        defer { store.close() }
        let held = bench.run("h", 0..<1, key: "held")
        _ = store.run(bench.job { $0.runs = [held, bench.run("a", 0..<3)] })
        bench.clock.advance(.seconds(1))
        let limit = bench.clock.now
        _ = store.run(bench.job { $0.runs = [bench.run("a", 3..<5), bench.run("b", 0..<1), bench.run("b", 1..<2)] })
        let expired = store.run(bench.job { $0.expireBefore = limit })
        #expect(expired.expired == Tally(logs: 3, batches: 1))
        #expect(expired.content?.waiting == Tally(logs: 4, batches: 3))
        let room = store.run(bench.job { $0.makeRoom = 1 })
        #expect(room.madeRoom == Tally(logs: 2, batches: 1))
        #expect(store.run(bench.job { $0.makeRoom = 1 << 30 }).madeRoom == Tally(logs: 2, batches: 2))
        #expect(store.run(bench.job { $0.makeRoom = 1 << 30 }).content?.bytes == held.footprint)
    }

    @Test func anEmptySpoolGivesTheDiskBack() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        defer { store.close() }
        _ = store.run(bench.job { job in job.runs = (0..<40).map { bench.run("a", $0..<$0 + 1, urlBytes: 1 << 20) } })
        _ = store.run(bench.job())
        #expect(TestFile.size("\(bench.directory)/spool.db") + TestFile.size("\(bench.directory)/spool.db-wal") > 40 << 20)
        #expect(bench.drain(store).count == 40)
        #expect(TestFile.size("\(bench.directory)/spool.db") < 1 << 20)
        #expect(TestFile.size("\(bench.directory)/spool.db-wal") == 0)
    }
}
