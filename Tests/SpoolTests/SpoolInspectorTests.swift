import Glibc
import Pipeline
import Spool
import TestSupport
import Testing
import Wire

/// What the command line does to a spool, while its daemon has it open and after.
@Suite struct SpoolInspectorTests {
    private func inspect<Result>(_ bench: SpoolBench, _ body: (SpoolInspector) throws -> Result) throws -> Result {
        let inspector = try SpoolInspector(directory: bench.directory)
        defer { inspector.close() }
        return try body(inspector)
    }

    @Test func nothingThere() {
        let bench = SpoolBench()
        #expect(throws: SpoolInspector.Failure.nothingThere(directory: bench.directory)) { try inspect(bench) { _ in } }
        #expect(bench.files.isEmpty)
    }

    @Test func somethingElseThere() throws {
        let bench = SpoolBench()
        mkdir(bench.directory, 0o700)
        let text = Array("no database, but longer than a header: \(String(repeating: "x", count: 200))".utf8)
        try TestFile.write(text, to: "\(bench.directory)/spool.db")
        #expect(throws: SpoolInspector.Failure.self) { try inspect(bench) { _ in } }
        #expect(try TestFile.read("\(bench.directory)/spool.db") == text)
    }

    @Test(arguments: [true, false])
    func list(isServed: Bool) throws {
        let bench = SpoolBench()
        let store = try bench.open()
        defer { store.close() }
        let oldest = bench.clock.wall
        _ = store.run(bench.job { $0.runs = [bench.run("a", 0..<3), bench.run("b", 0..<1, key: "k")] })
        bench.clock.advance(.seconds(1))
        let late = bench.run("a", 3..<5)
        _ = store.run(bench.job { $0.runs = [late] })
        if !isServed { store.close() }
        let sessions = try inspect(bench) { try $0.list() }
        #expect(sessions.map { String(decoding: $0.session, as: UTF8.self) } == ["a", "b"])
        #expect(sessions.map { String(decoding: $0.process, as: UTF8.self) } == ["agent", "agent"])
        #expect(sessions.map(\.tally) == [Tally(logs: 5, batches: 2), Tally(logs: 1, batches: 1)])
        #expect(sessions.map(\.heldLogs) == [0, 1])
        #expect(sessions.map(\.oldest) == [oldest, oldest])
        #expect(try inspect(bench) { $0.servedBy } == (isServed ? .some(getpid()) : nil))
    }

    @Test func exportIsWhatTheFileReporterWrites() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        defer { store.close() }
        var expected: [UInt8] = []
        var runs: [SpoolRun] = []
        // More than one transaction's worth.
        for number in 0..<Int32(2_500) {
            let batches = [bench.batch("session-\(number % 3)", number * 2..<number * 2 + 1), bench.batch("session-\(number % 3)", number * 2 + 1..<number * 2 + 2)]
            for batch in batches {
                NDJSON.append(batch.request.bytes, sessionID: batch.sessionID, processName: batch.processName, logs: nil, to: &expected)
            }
            runs.append(SpoolRun(key: nil, batches: batches, logs: nil, logCount: 2))
        }
        _ = store.run(bench.job { $0.runs = runs })
        var found: [UInt8] = []
        var pieces = 0
        let damaged = try inspect(bench) { inspector in
            try inspector.export { lines in
                found += lines
                pieces += 1
                return true
            }
        }
        #expect(damaged == 0 && found == expected && pieces >= 3)
        pieces = 0
        _ = try inspect(bench) { inspector in
            try inspector.export { _ in
                pieces += 1
                return false
            }
        }
        #expect(pieces == 1)
        #expect(bench.drain(store).count == 3)
    }

    @Test func purgeLeavesWhatTheDaemonHolds() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        defer { store.close() }
        _ = store.run(bench.job { $0.runs = [bench.run("h", 0..<4, key: "held"), bench.run("a", 0..<3), bench.run("b", 0..<2)] })
        let purge = try inspect(bench) { try $0.purge() }
        #expect(purge.isServed && purge.removed == Tally(logs: 5, batches: 2) && purge.kept == Tally(logs: 4, batches: 1))
        // The daemon sees it with its next job, and goes on.
        let next = store.run(bench.job { $0.runs = [bench.run("a", 3..<4)] })
        #expect(next.failure == nil && next.damaged == Tally() && next.content?.waiting == Tally(logs: 1, batches: 1))
        #expect(bench.drain(store).map { SpoolRequest.logs(in: $0).map(\.sequence) } == [[3]])
        #expect(store.run(bench.job { $0.settled = ["held"] }).content == SpoolContent())
    }

    @Test func withoutADaemonAllGoes() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        _ = store.run(bench.job { job in job.runs = [bench.run("h", 0..<4, key: "held")] + (0..<100).map { bench.run("a", $0..<$0 + 1, urlBytes: 9_000) } })
        store.close()
        let purge = try inspect(bench) { try $0.purge() }
        #expect(!purge.isServed && purge.removed == Tally(logs: 104, batches: 101) && purge.kept == Tally())
        // Nor is it to be found in the file.
        #expect(TestFile.size("\(bench.directory)/spool.db") < 64 << 10)
        let reopened = try bench.open()
        defer { reopened.close() }
        #expect(reopened.run(bench.job()).content == SpoolContent())
        #expect(bench.drain(reopened).isEmpty)
    }
}
