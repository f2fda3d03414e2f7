import Glibc
import Pipeline
import Spool
import TestSupport
import Testing
import Wire

/// `boundary-log-proxy spool`, run as a user would, on a spool that a daemon has left.
@Suite struct CommandLineSpoolTests {
    private let temporary = TemporaryDirectory()
    private var directory: String { temporary.path("spool") }

    /// Two logs of session "a".
    private static let request: [UInt8] = Array(LifeTests.frame.dropFirst(4))
    private static let lines = String(
        repeating:
            #"{"time":null,"allowed":true,"method":"G","url":"/x","matched_rule":null,"session_id":"a","sequence_number":0,"confined_process_name":null}"#
            + "\n", count: 2)

    private func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> Subprocess.Outcome {
        try await Subprocess.run(Subprocess.product("boundary-log-proxy"), ["spool"] + arguments, environment: environment)
    }

    private func fill() throws -> SpoolStore {
        let store = try SpoolStore(directory: directory, synchronous: .normal, wallClock: { 1_790_000_000_000_000_000 })
        Self.request.withUnsafeBytes { request in
            let end = request.count
            let batch = Batch(request: request, logCount: 2, sessionID: end - 1..<end, processName: 0..<0, arrived: Instant(nanoseconds: 1))
            var job = SpoolJob(now: Instant(nanoseconds: 1))
            job.runs = [SpoolRun(key: nil, batches: [batch], logs: nil, logCount: 2)]
            #expect(store.run(job).failure == nil)
        }
        return store
    }

    @Test func listAndExport() async throws {
        let store = try fill()
        // Beside the daemon, and after it.
        for isServed in [true, false] {
            if !isServed { store.close() }
            let list = try await run("list", "--spool-dir", directory)
            #expect(list.status == 0 && list.errors == "")
            let words = list.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
            #expect(words == [
                "session process logs batches bytes held oldest", "a - 2 1 29 0 2026-09-21T14:13:20Z", "2 logs in 1 batches, of 1 sessions",
            ])
            let json = try await run("list", "--json", environment: ["BOUNDARY_LOG_PROXY_SPOOL_DIR": directory])
            let session = try #require(JSONReader.read(json.standardOutput)?["sessions"].elements.first)
            #expect(session["session"].text == "a" && session["logs"].integer == 2 && session["oldest"].text == "2026-09-21T14:13:20Z")
            let export = try await run("export", environment: ["STATE_DIRECTORY": directory])
            #expect(export.status == 0 && export.output == Self.lines)
        }
    }

    @Test func purgeNeedsATerminalOrYes() async throws {
        try fill().close()
        let refused = try await run("purge", "--spool-dir", directory)
        #expect(refused.status == 1 && refused.output == "")
        #expect(refused.errors == "boundary-log-proxy: purge asks before it throws logs away, and there is no terminal: give --yes\n")
        #expect(try await run("export", "--spool-dir", directory).output == Self.lines)
        let purged = try await run("purge", "--yes", "--spool-dir", directory)
        #expect(purged.status == 0 && purged.output == "2 logs thrown away\n")
        #expect(try await run("list", "--spool-dir", directory).output == "The spool in \(directory) is empty.\n")
    }

    @Test(arguments: [("n", 1, "nothing was thrown away"), ("y", 0, "2 logs thrown away")])
    func purgeAsksOnATerminal(answer: String, status: Int32, words: String) async throws {
        try fill().close()
        let command = "\(Subprocess.product("boundary-log-proxy")) spool purge --spool-dir \(directory)"
        let terminal = try Subprocess("/usr/bin/script", ["-qec", command, "/dev/null"], takesInput: true)
        #expect(await terminal.waitFor("Throw away 2 logs in \(directory)? [y/N]", on: .standardOutput))
        terminal.write("\(answer)\n")
        let outcome = await terminal.outcome()
        #expect(outcome.status == status && outcome.output.contains(words), "\(outcome.output)")
    }

    @Test(arguments: ["list", "export", "purge"])
    func nothingThere(subcommand: String) async throws {
        let outcome = try await run(subcommand, "--spool-dir", directory, environment: ["BOUNDARY_LOG_PROXY_DURABILITY": "memory"])
        #expect(outcome.status == 0 && outcome.output == "")
        #expect(outcome.errors == "boundary-log-proxy: there is no spool in \(directory)\n")
        #expect(access(directory, F_OK) != 0)
    }

    @Test func whatIsNoSpool() async throws {
        mkdir(directory, 0o700)
        try #require(fopen("\(directory)/spool.db", "w").map { fputs(String(repeating: "no database", count: 100), $0) + fclose($0) } != nil)
        for subcommand in ["list", "export"] {
            let outcome = try await run(subcommand, "--spool-dir", directory)
            #expect(outcome.status == 1 && outcome.errors.hasPrefix("boundary-log-proxy: cannot read the spool \(directory): "), "\(outcome.errors)")
        }
    }
}
