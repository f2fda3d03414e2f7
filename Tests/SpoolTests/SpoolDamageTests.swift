import Glibc
import Pipeline
import Spool
import TestSupport
import Testing

/// Whatever has become of the file: the spool goes on, with all that can be read, and nothing that was not written.
@Suite struct SpoolDamageTests {
    /// A closed spool of four sessions with 120 rows, some of them long and some claimed.
    private struct Sample {
        let bench: SpoolBench
        let bytes: [UInt8]
        var path: String { "\(bench.directory)/spool.db" }
        static let rows = 120
        static let total = Tally(logs: 240, batches: 120)

        init() throws {
            let bench = SpoolBench()
            self.bench = bench
            let store = try bench.open()
            for row in 0..<Int32(Self.rows) {
                let result = store.run(bench.job { job in
                    job.runs = [bench.run(Self.session(row), row * 2..<row * 2 + 2, urlBytes: row % 10 == 0 ? 9_000 : 300, key: row % 20 == 5 ? "k\(row)" : nil)]
                })
                try #require(result.failure == nil)
            }
            store.close()
            bytes = try TestFile.read("\(bench.directory)/spool.db")
        }

        static func session(_ row: Int32) -> String { "session-\(row % 4)" }

        /// Puts a damaged file in place of the database and looks at what the spool makes of it. Returns what was lost.
        func check(_ damaged: [UInt8], _ what: String) throws -> (lost: Int, movedAside: String?) {
            for name in bench.files { unlink("\(bench.directory)/\(name)") }
            try TestFile.write(damaged, to: path)
            let store = try bench.open()
            defer { store.close() }
            var results = [store.run(bench.job())]
            var settled: [String] = []
            var loaded: [LoadedDelivery] = []
            repeat {
                results.append(store.run(bench.job { job in
                    job.settled = settled
                    job.load = SpoolLoad(bytesMax: 30_000, totalBytesMax: 60_000, mixesSessions: false, keys: (0..<4).map { "n\(loaded.count + $0)" })
                }))
                loaded += results.last!.loaded
                settled = results.last!.loaded.map(\.key)
            } while !settled.isEmpty && results.count < 500
            #expect(results.allSatisfy { $0.failure == nil }, "\(what): \(results.compactMap(\.failure))")
            #expect(results.last?.content == SpoolContent(), "\(what)")
            var last: [String: Int32] = [:]
            // Orphans come before all others: within each kind the order holds.
            for isClaimed in [true, false] {
                last = [:]
                for log in loaded.filter({ $0.wasClaimed == isClaimed }).flatMap(SpoolRequest.logs) {
                    #expect(log.session == Self.session(log.sequence / 2) && log.sequence > last[log.session, default: -1], "\(what): \(log)")
                    last[log.session] = log.sequence
                }
            }
            let logs = loaded.flatMap(SpoolRequest.logs)
            #expect(Set(logs).count == logs.count, "\(what): twice")
            let damagedLogs = results.reduce(0) { $0 + Int($1.damaged.logs) }
            #expect(logs.count + damagedLogs <= Sample.total.logs, "\(what): \(logs.count) and \(damagedLogs)")
            let movedAside = results.compactMap(\.movedAside)
            #expect(movedAside.count <= 2, "\(what)")
            if logs.count < Sample.total.logs { #expect(!movedAside.isEmpty, "\(what): \(logs.count) and nobody said so") }
            // It works, and what it is given stays.
            let written = store.run(bench.job { $0.runs = [bench.run("new", 0..<1)] })
            #expect(written.failure == nil && written.content?.waiting == Tally(logs: 1, batches: 1), "\(what)")
            return (Int(Sample.total.logs) - logs.count, movedAside.first)
        }
    }

    /// A page of the database.
    private static let pageBytes = 8192

    @Test func aSoundOneLosesNothing() throws {
        let sample = try Sample()
        #expect(try sample.check(sample.bytes, "sound") == (0, nil))
    }

    @Test func truncated() throws {
        let sample = try Sample()
        for size in stride(from: 0, to: sample.bytes.count, by: Self.pageBytes) + [1, 100, sample.bytes.count - 1, sample.bytes.count / 2 + 77] {
            let moved = try sample.check(Array(sample.bytes[..<size]), "truncated to \(size)").movedAside
            #expect(moved != nil, "truncated to \(size)")
        }
    }

    @Test func zeroed() throws {
        let sample = try Sample()
        #expect(try sample.check([UInt8](repeating: 0, count: sample.bytes.count), "all zero").lost == Sample.total.logs)
        for page in 0..<sample.bytes.count / Self.pageBytes {
            var bytes = sample.bytes
            for offset in page * Self.pageBytes..<(page + 1) * Self.pageBytes { bytes[offset] = 0 }
            let lost = try sample.check(bytes, "page \(page) zeroed").lost
            // Page 1 says what the others are.
            if page > 4 { #expect(lost < 60, "page \(page): \(lost)") }
        }
    }

    @Test func aFlippedBit() throws {
        let sample = try Sample()
        var random = TestRandom(seed: TestSeed.current)
        print("SpoolDamageTests: seed \(TestSeed.current)")
        for offset in Array(0..<100) + (0..<150).map({ _ in random.below(sample.bytes.count) }) {
            var bytes = sample.bytes
            let bit = random.below(8)
            bytes[offset] ^= 1 << UInt8(bit)
            let lost = try sample.check(bytes, "bit \(bit) of byte \(offset)").lost
            if offset >= Self.pageBytes { #expect(lost < 60, "byte \(offset): \(lost)") }
        }
    }

    @Test func noDatabaseAtAll() throws {
        let sample = try Sample()
        let (lost, moved) = try sample.check(Array("Dear diary,\n".utf8) + [UInt8](repeating: 7, count: 50_000), "a text")
        #expect(lost == Sample.total.logs)
        let path = try #require(moved)
        #expect(try TestFile.read(path).starts(with: Array("Dear diary".utf8)))
        #expect(path.hasPrefix("\(sample.bench.directory)/spool-damaged-2026") && path.hasSuffix("Z.db"))
    }

    @Test func onlyTheNewestDamagedOnesAreKept() throws {
        let bench = SpoolBench()
        for number in 0..<4 {
            try bench.open().closing { store in
                _ = store.run(bench.job())
            }
            try TestFile.write(Array("broken \(number)".utf8), to: "\(bench.directory)/spool.db")
            bench.clock.advance(.seconds(1))
            try bench.open().closing { store in
                let result = store.run(bench.job())
                #expect(result.failure == nil && result.movedAside != nil)
            }
        }
        let kept = bench.files.filter { $0.hasPrefix("spool-damaged") }
        #expect(kept.count == 2)
        #expect(try kept.map { String(decoding: try TestFile.read("\(bench.directory)/\($0)"), as: UTF8.self) } == ["broken 2", "broken 3"])
    }

    @Test func whatANewerVersionWroteIsLeftAlone() throws {
        let sample = try Sample()
        var bytes = sample.bytes
        // https://www.sqlite.org/fileformat.html#the_database_header: the user version is at 60.
        bytes.replaceSubrange(60..<64, with: [0, 3, 3, 3])
        try TestFile.write(bytes, to: sample.path)
        try sample.bench.open().closing { store in
            for _ in 0..<2 {
                let result = store.run(sample.bench.job { $0.runs = [sample.bench.run("a", 0..<1)] })
                #expect(result.failure?.text.contains("a newer version of this program has written it") == true)
                #expect(result.movedAside == nil && result.content == nil)
            }
        }
        #expect(try TestFile.read(sample.path) == bytes)
    }

    @Test func damageWhileItRuns() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        defer { store.close() }
        _ = store.run(bench.job { job in
            job.runs = (0..<40).map { bench.run("a", $0..<$0 + 1, urlBytes: 400_000) } + [bench.run("held", 0..<1, key: "held")]
        })
        // The log goes into the database.
        _ = store.run(bench.job())
        let path = "\(bench.directory)/spool.db"
        let size = TestFile.size(path)
        try #require(size > 10 << 20)
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        pwrite(descriptor, zeros, zeros.count, off_t(size / 2 & ~4095))
        close(descriptor)
        var (loaded, damaged, movedAside): ([LoadedDelivery], Tally, String?) = ([], Tally(), nil)
        var settled: [String] = []
        repeat {
            let waiting = store.run(bench.job()).content?.waiting
            let result = store.run(bench.job { job in
                job.settled = settled
                job.load = SpoolLoad(bytesMax: 1 << 20, totalBytesMax: 1 << 20, mixesSessions: false, keys: ["k\(loaded.count)"])
            })
            #expect(result.failure == nil)
            settled = result.loaded.map(\.key)
            loaded += result.loaded
            damaged = Tally(logs: damaged.logs + result.damaged.logs, batches: damaged.batches + result.damaged.batches)
            movedAside = movedAside ?? result.movedAside
            // The account balances through the repair.
            let taken = result.loaded.reduce(0) { $0 + $1.tally.logs }
            #expect(waiting?.logs == taken + result.damaged.logs + (result.content?.waiting.logs ?? 0))
        } while !settled.isEmpty
        #expect(movedAside != nil)
        #expect((1...6).contains(damaged.logs) && damaged.logs + UInt64(loaded.flatMap(SpoolRequest.logs).count) == 40)
        #expect(store.run(bench.job { $0.settled = ["held"] }).content == SpoolContent())
    }

    @Test func aFileThatSomeoneRemovesIsMissed() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        defer { store.close() }
        _ = store.run(bench.job { $0.runs = [bench.run("a", 0..<3)] })
        for name in bench.files where name != "spool.lock" { unlink("\(bench.directory)/\(name)") }
        let result = store.run(bench.job { $0.runs = [bench.run("a", 3..<5)] })
        #expect(result.failure == nil && result.damaged == Tally(logs: 3, batches: 1))
        #expect(result.content?.waiting == Tally(logs: 2, batches: 1))
        #expect(bench.files.contains("spool.db"))
    }
}

extension SpoolStore {
    fileprivate func closing(_ body: (SpoolStore) throws -> Void) rethrows {
        defer { close() }
        try body(self)
    }
}
