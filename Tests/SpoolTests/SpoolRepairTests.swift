import Glibc
import Pipeline
import Spool
import TestSupport
import Testing

/// A repair that a crash, or a full disk, breaks off.
@Suite struct SpoolRepairTests {
    /// A closed spool with three logs.
    private func filled() throws -> SpoolBench {
        let bench = SpoolBench()
        let store = try bench.open()
        _ = store.run(bench.job { $0.runs = [bench.run("a", 0..<3)] })
        store.close()
        return bench
    }

    private func path(_ bench: SpoolBench, _ name: String) -> String { "\(bench.directory)/\(name)" }

    @Test func aRebuiltOneTakesItsPlaceAtTheNextStart() throws {
        let bench = try filled()
        rename(path(bench, "spool.db"), path(bench, "spool-rebuilt.db"))
        // Killed before the damaged one was out of the way, or after.
        for isThere in [true, false] {
            if isThere { try TestFile.write(Array("damaged".utf8), to: path(bench, "spool.db")) }
            let store = try bench.open()
            let result = store.run(bench.job())
            #expect(result.failure == nil && result.content?.waiting == Tally(logs: 3, batches: 1))
            #expect(result.movedAside.map(TestFile.size) == 7 || !isThere)
            store.close()
            rename(path(bench, "spool.db"), path(bench, "spool-rebuilt.db"))
        }
    }

    @Test func oneInTheMakingIsWorthNothing() throws {
        let bench = try filled()
        try TestFile.write(Array("half".utf8), to: path(bench, "spool-new.db"))
        let store = try bench.open()
        defer { store.close() }
        #expect(store.run(bench.job()).content?.waiting == Tally(logs: 3, batches: 1))
    }

    @Test func aLogWithoutItsDatabaseIsNotTakenForTheNextOnes() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        _ = store.run(bench.job { $0.runs = [bench.run("a", 0..<3)] })
        let log = try TestFile.read(path(bench, "spool.db-wal"))
        store.close()
        unlink(path(bench, "spool.db"))
        try TestFile.write(log, to: path(bench, "spool.db-wal"))
        let reopened = try bench.open()
        defer { reopened.close() }
        let result = reopened.run(bench.job())
        #expect(result.failure == nil && result.content == SpoolContent() && result.movedAside != nil)
    }

    @Test(.enabled(if: Mount.isPossible, "mounting needs root"))
    func aDiskThatIsTooFullForARepair() throws {
        let bench = SpoolBench()
        let mount = try #require(bench.mount(size: "8m"))
        let store = try bench.open()
        _ = store.run(bench.job { job in job.runs = (0..<12).map { bench.run("a", $0..<$0 + 1, urlBytes: 100_000) } })
        store.close()
        var bytes = try TestFile.read(path(bench, "spool.db"))
        for offset in (bytes.count / 2 & ~4095)..<(bytes.count / 2 & ~4095) + 4096 { bytes[offset] = 0 }
        try TestFile.write(bytes, to: path(bench, "spool.db"))
        #expect(mount.resize("2m"))
        let next = try bench.open()
        defer { next.close() }
        let failure = next.run(bench.job()).failure
        guard case .diskFull(let text) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(text.contains("rebuild the spool"))
        // What can be read is not given up for it.
        #expect(try TestFile.read(path(bench, "spool.db")) == bytes)
        #expect(mount.resize("8m"))
        let repaired = next.run(bench.job())
        #expect(repaired.failure == nil && repaired.movedAside != nil)
        let left = try #require(repaired.content).waiting
        #expect(left.logs >= 10 && left.logs + repaired.damaged.logs == 12)
    }
}
