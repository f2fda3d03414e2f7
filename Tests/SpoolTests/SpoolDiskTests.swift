import Glibc
import Pipeline
import Spool
import TestSupport
import Testing

/// Rights, locks, and disks that do not take what they are given.
@Suite struct SpoolDiskTests {
    @Test func filesAreOursAloneWhateverTheUmask() async {
        // The umask belongs to the whole process: a process of its own.
        await #expect(processExitsWith: .success) {
            umask(0)
            let bench = SpoolBench(name: "made/on/the/way")
            let store = try bench.open()
            let result = store.run(bench.job { $0.runs = [bench.run("a", 0..<1)] })
            try #require(result.failure == nil)
            #expect(bench.files == ["spool.db", "spool.db-shm", "spool.db-wal", "spool.lock"])
            for name in bench.files { #expect(TestFile.mode("\(bench.directory)/\(name)") == 0o600, "\(name)") }
            for name in ["made", "made/on", "made/on/the", "made/on/the/way"] { #expect(TestFile.mode(bench.temporary.path(name)) == 0o700, "\(name)") }
            store.close()
        }
    }

    @Test func aDirectoryOfOursIsNarrowed() throws {
        let bench = SpoolBench()
        mkdir(bench.directory, 0o755)
        chmod(bench.directory, 0o777)
        let store = try bench.open()
        defer { store.close() }
        #expect(store.run(bench.job()).failure == nil)
        #expect(TestFile.mode(bench.directory) == 0o700)
    }

    @Test func aDirectoryWithOtherFilesKeepsItsRights() throws {
        let bench = SpoolBench()
        mkdir(bench.directory, 0o755)
        chmod(bench.directory, 0o755)
        try TestFile.write([1], to: "\(bench.directory)/something")
        let store = try bench.open()
        #expect(store.run(bench.job()).failure == nil)
        #expect(TestFile.mode(bench.directory) == 0o755)
        store.close()
        chmod(bench.directory, 0o1777)
        let error = #expect(throws: SpoolError.self) { try bench.open() }
        #expect(error == .notPrivate(directory: bench.directory))
        #expect(error?.description.contains("with rights 0700") == true)
    }

    // MARK: The lock

    @Test func oneProcessAtATime() throws {
        let bench = SpoolBench()
        let store = try bench.open()
        let error = #expect(throws: SpoolError.self) { try bench.open() }
        #expect(error == .inUse(directory: bench.directory, processID: getpid()))
        #expect(error?.description == "cannot use the spool \(bench.directory): another process is using it (pid \(getpid())); give each a spool of its own")
        store.close()
        try bench.open().close()
    }

    @Test func anotherProcess() async throws {
        let bench = SpoolBench()
        try bench.open().close()
        let other = try Subprocess(
            "/bin/sh", ["-c", "exec 9<>\(bench.directory)/spool.lock; /usr/bin/flock -n 9 && echo $$ >&9 && echo held; read line"], takesInput: true)
        #expect(await other.waitFor("held", on: .standardOutput))
        #expect(throws: SpoolError.inUse(directory: bench.directory, processID: other.pid)) { try bench.open() }
        other.send(SIGKILL)
        _ = await other.outcome()
        // The lock goes with the process.
        try bench.open().close()
    }

    @Test func aDirectoryThatCannotBeMadeIsNoReasonNotToStart() throws {
        let bench = SpoolBench()
        try TestFile.write([1], to: bench.directory)
        let store = try bench.open()
        defer { store.close() }
        let result = store.run(bench.job { $0.runs = [bench.run("a", 0..<1)] })
        guard case .unusable(let text) = result.failure else { throw TestFile.Failure(path: bench.directory) }
        #expect(text == "cannot open the spool \(bench.directory): Not a directory")
        #expect(result.content == nil)
        unlink(bench.directory)
        #expect(store.run(bench.job { $0.runs = [bench.run("a", 0..<1)] }).content?.waiting == Tally(logs: 1, batches: 1))
    }

    @Test func aLockThatIsMissedAtFirstIsFoundLater() throws {
        let bench = SpoolBench()
        try TestFile.write([1], to: bench.directory)
        let (first, second) = (try bench.open(), try bench.open())
        defer { first.close() }
        defer { second.close() }
        unlink(bench.directory)
        #expect(first.run(bench.job()).failure == nil)
        #expect(second.run(bench.job()).failure?.text.contains("another process is using it") == true)
    }

    // MARK: Disks

    @Test(.enabled(if: Mount.isPossible, "mounting needs root"))
    func aFullDisk() throws {
        let bench = SpoolBench()
        let mount = try #require(bench.mount(size: "1m"))
        let store = try bench.open()
        defer { store.close() }
        var written = 0
        var failure: SpoolFailure?
        while failure == nil, written < 100 {
            let result = store.run(bench.job { $0.runs = [bench.run("a", Int32(written)..<Int32(written) + 1, urlBytes: 50_000)] })
            failure = result.failure
            if failure == nil { written += 1 }
            // A job that fails has changed nothing.
            #expect(result.content?.waiting.logs == UInt64(written))
        }
        #expect((5..<20).contains(written))
        guard case .diskFull(let text) = failure else { throw TestFile.Failure(path: bench.directory) }
        #expect(text.hasPrefix("cannot write to the spool \(bench.directory): "))
        // What is there can be taken out all the same.
        let loaded = store.run(bench.job { job in
            job.runs = [bench.run("b", 0..<1, urlBytes: 500_000)]
            job.load = SpoolLoad(bytesMax: 1 << 20, totalBytesMax: 0, mixesSessions: false, keys: ["k"])
        })
        #expect(loaded.failure != nil)
        #expect(loaded.loaded.map(\.tally.logs) == [UInt64(written)])
        #expect(loaded.content?.waiting == Tally())
        #expect(mount.resize("8m"))
        // Its claims are written as soon as that is possible.
        #expect(store.run(bench.job { $0.runs = [bench.run("b", 0..<1, urlBytes: 500_000)] }).failure == nil)
        let next = try bench.crash(to: "next")
        let reopened = try next.open()
        defer { reopened.close() }
        #expect(next.drain(reopened).map(\.key) == ["k", "drain-0-0"])
    }

    @Test(.enabled(if: Mount.isPossible, "mounting needs root"))
    func aReadOnlyDirectory() throws {
        let bench = SpoolBench()
        let mount = try #require(bench.mount(size: "4m"))
        #expect(mount.setReadOnly(true))
        let store = try bench.open()
        defer { store.close() }
        for _ in 0..<2 {
            let result = store.run(bench.job { $0.runs = [bench.run("a", 0..<1)] })
            #expect(result.failure == .unusable("cannot open \(bench.directory)/spool.lock: Read-only file system"))
            #expect(result.content == nil)
        }
        #expect(mount.setReadOnly(false))
        #expect(store.run(bench.job { $0.runs = [bench.run("a", 0..<1)] }).content?.waiting == Tally(logs: 1, batches: 1))
    }
}
