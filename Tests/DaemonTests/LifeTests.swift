import Glibc
import TestSupport
import Testing

/// The daemon as a process: how it starts, what it refuses, how it ends.
@Suite struct LifeTests {
    let directory = TemporaryDirectory()
    var socket: String { directory.path("s") }
    /// Each daemon has a spool of its own.
    var environment: [String: String] { ["STATE_DIRECTORY": directory.path("spool")] }

    func daemon(_ arguments: [String] = [], timeLimit: Duration = .seconds(300)) throws -> Subprocess {
        try Subprocess(
            Subprocess.product("boundary-log-proxy"), ["--socket", socket] + arguments, environment: environment, timeLimit: timeLimit)
    }

    func started(_ arguments: [String] = []) async throws -> Subprocess {
        let daemon = try daemon(arguments)
        #expect(await daemon.waitFor("listening"), "\(daemon.written(to: .standardError))")
        return daemon
    }

    /// Two logs of session "a" in one frame.
    static let frame: [UInt8] = {
        let log: [UInt8] = [0x0a, 0x0b, 0x08, 1, 0x1a, 7, 0x0a, 1, 0x47, 0x12, 2, 0x2f, 0x78]
        let request = log + log + [0x12, 1, 0x61]
        return [1, 0, 0, UInt8(request.count)] + request
    }()

    func send(_ bytes: [UInt8]) throws -> Int32 {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        #expect(result == 0)
        #expect(Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
        return descriptor
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalDrainsAndExitsCleanly(signal: Int32) async throws {
        let daemon = try await started()
        close(try send(Self.frame))
        daemon.send(signal)
        let outcome = await daemon.outcome()
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 2 && lines.allSatisfy { $0.contains("\"session_id\":\"a\"") })
        #expect(outcome.errors.contains("final ledger") && outcome.errors.contains("logs_delivered=2"))
        #expect(access(socket, F_OK) != 0)
    }

    @Test func aLossIsExitCodeThreeAndTheNumbers() async throws {
        let daemon = try await started(["--http-url", "http://127.0.0.1:1/nobody", "--drain-timeout", "50ms", "--durability", "memory"])
        close(try send(Self.frame))
        daemon.send(SIGTERM)
        let outcome = await daemon.outcome()
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains("logs_dropped_shutdown=2"))
    }

    @Test func whatWaitsInTheSpoolIsNoLossAndTheNextOneDeliversIt() async throws {
        let first = try await started(["--http-url", "http://127.0.0.1:1/nobody", "--drain-timeout", "50ms"])
        close(try send(Self.frame))
        first.send(SIGTERM)
        let outcome = await first.outcome()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("2 logs wait in the spool") && outcome.errors.contains("logs_spooled=2"))

        let second = try await started()
        #expect(await second.waitFor("\"session_id\":\"a\"", on: .standardOutput))
        second.send(SIGTERM)
        let end = await second.outcome()
        #expect(end.status == 0 && end.output.split(separator: "\n").count == 2)
        #expect(end.errors.contains("logs_recovered=2") && end.errors.contains("logs_spooled=0"), "\(end.errors)")
    }

    @Test func killedTheDaemonHasWhatItHadCommitted() async throws {
        let first = try await started(["--http-url", "http://127.0.0.1:1/nobody", "--durability", "sync"])
        close(try send(Self.frame))
        // Only what is committed is offered to the destination.
        #expect(await first.waitFor("delivery failed"))
        first.send(SIGKILL)
        _ = await first.outcome()
        let second = try await started(["--durability", "sync"])
        #expect(await second.waitFor("\"session_id\":\"a\"", on: .standardOutput))
        second.send(SIGTERM)
        #expect(await second.outcome().status == 0)
    }

    @Test func aSecondSignalCutsTheDrainShort() async throws {
        let daemon = try await started(["--http-url", "http://127.0.0.1:1/nobody", "--drain-timeout", "1h", "--durability", "memory"])
        let client = try send(Self.frame)
        daemon.send(SIGTERM)
        #expect(await daemon.waitFor("draining"))
        daemon.send(SIGTERM)
        #expect(await daemon.outcome().status == 3)
        close(client)
    }

    @Test func aRotatedFileIsOpenedAnewOnSIGHUP() async throws {
        let daemon = try await started(["--reporter", "file", "--file-path", directory.path("out"), "--metrics-listen", "127.0.0.1:0"])
        let client = try send(Self.frame)
        // The file has the lines once the daemon says so on its status; here its size is the event.
        while size("out") == 0 { sched_yield() }
        rename(directory.path("out"), directory.path("out.1"))
        daemon.send(SIGHUP)
        #expect(await daemon.waitFor("SIGHUP"))
        #expect(Glibc.send(client, Self.frame, Self.frame.count, Int32(MSG_NOSIGNAL)) == Self.frame.count)
        close(client)
        daemon.send(SIGTERM)
        #expect(await daemon.outcome().status == 0)
        #expect(size("out") > 0 && size("out") == size("out.1"))
    }

    private func size(_ name: String) -> Int {
        var status = stat()
        return stat(directory.path(name), &status) == 0 ? Int(status.st_size) : 0
    }

    @Test func aLiveSocketIsNotTakenOver() async throws {
        let first = try await started()
        let second = await (try daemon(["--durability", "memory"])).outcome()
        #expect(second.status == 1)
        #expect(second.errors.contains("another process is serving it (pid \(first.pid))"), "\(second.errors)")
        close(try send(Self.frame))
        first.send(SIGTERM)
        #expect(await first.outcome().output.split(separator: "\n").count == 2)
    }

    @Test func aStaleSocketIsReplaced() async throws {
        let first = try await started()
        first.send(SIGKILL)
        _ = await first.outcome()
        #expect(access(socket, F_OK) == 0)
        let second = try await started()
        second.send(SIGTERM)
        #expect(await second.outcome().status == 0)
    }

    @Test func anotherKindOfFileIsLeftAlone() async throws {
        close(open(socket, O_CREAT | O_WRONLY, 0o600))
        let outcome = await (try daemon()).outcome()
        #expect(outcome.status == 1 && outcome.errors.contains("a regular file"), "\(outcome.errors)")
        #expect(access(socket, F_OK) == 0)
    }

    @Test func aMissingDirectoryAndALongPathAreNamed() async throws {
        let missing = try await Subprocess.run(
            Subprocess.product("boundary-log-proxy"), ["--socket", directory.path("no/such/s")], environment: environment)
        #expect(missing.status == 1 && missing.errors.contains("no/such"), "\(missing.errors)")
        let long = directory.path(String(repeating: "x", count: 120))
        let outcome = try await Subprocess.run(Subprocess.product("boundary-log-proxy"), ["--socket", long], environment: environment)
        #expect(outcome.status == 1 && outcome.errors.contains("107"), "\(outcome.errors)")
    }

    @Test(arguments: [
        (["--reporter", "file", "--file-path", "no/such/directory/out"], "no/such/directory/out"),
        (["--http-url", "http://127.0.0.1:1/", "--http-token-file", "empty"], "empty"),
        (["--http-url", "https://127.0.0.1:1/", "--http-ca-file", "missing.pem"], "missing.pem"),
    ])
    func aDestinationThatCannotBeOpenedIsNamed(options: [String], named: String) async throws {
        close(open(directory.path("empty"), O_CREAT | O_WRONLY, 0o600))
        let paths = options.map { $0.hasPrefix("--") || $0.contains("://") || $0 == "file" ? $0 : directory.path($0) }
        let outcome = await (try daemon(paths)).outcome()
        #expect(outcome.status == 1 && outcome.errors.contains("cannot start") && outcome.errors.contains(named), "\(outcome.errors)")
        #expect(access(socket, F_OK) != 0)
    }

    @Test func standardOutputThatCloses() async throws {
        let daemon = try Subprocess(
            "/bin/sh",
            ["-c", "\"$0\" --socket \"$1\" --drain-timeout 1h | head -n 1 >/dev/null; echo over >&2", Subprocess.product("boundary-log-proxy"), socket],
            environment: environment.merging(["PATH": "/usr/bin:/bin"]) { $1 })
        #expect(await daemon.waitFor("listening"))
        let client = try send(Self.frame)
        // head ends after the first line; sooner or later a write finds that nobody reads.
        var alive = true
        while alive {
            alive = Glibc.send(client, Self.frame, Self.frame.count, Int32(MSG_NOSIGNAL)) == Self.frame.count
        }
        close(client)
        #expect(await daemon.waitFor("over"))
        #expect(daemon.written(to: .standardError).contains("standard output is closed"))
    }

    @Test func aWriteThatHangsDoesNotKeepTheDaemonAlive() async throws {
        let fifo = directory.path("fifo")
        #expect(mkfifo(fifo, 0o600) == 0)
        // A reader that never reads.
        let reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        let daemon = try await started(["--reporter", "file", "--file-path", fifo, "--drain-timeout", "100ms", "--durability", "memory"])
        let client = try send(Self.frame)
        let many = Array(repeating: Self.frame, count: 100).flatMap { $0 }
        for _ in 0..<50 { #expect(Glibc.send(client, many, many.count, Int32(MSG_NOSIGNAL)) == many.count) }
        close(client)
        daemon.send(SIGTERM)
        let outcome = await daemon.outcome()
        #expect(outcome.status == 3 && !outcome.timedOut, "\(outcome.errors)")
        close(reader)
    }
}
