import Glibc
import TestSupport
import Testing
import Wire

@testable import boundary_log_proxy

/// `tap` and `status` beside a running daemon, as a user has them.
@Suite struct TapTests {
    let directory = TemporaryDirectory()
    var socket: String { directory.path("s") }
    var statusSocket: String { directory.path("status") }

    private func daemon(_ arguments: [String] = [], statusListen: String? = nil) async throws -> Subprocess {
        let daemon = try Subprocess(
            Subprocess.product("boundary-log-proxy"),
            ["--socket", socket, "--reporter", "discard", "--durability", "memory", "--status-listen", statusListen ?? "unix:\(statusSocket)"] + arguments)
        #expect(await daemon.waitFor(" listening "), "\(daemon.written(to: .standardError))")
        return daemon
    }

    private func command(_ arguments: [String], environment: [String: String] = [:]) throws -> Subprocess {
        try Subprocess(
            Subprocess.product("boundary-log-proxy"), arguments,
            environment: environment.merging(["BOUNDARY_LOG_PROXY_STATUS_LISTEN": "unix:\(statusSocket)"]) { given, _ in given })
    }

    /// A tap whose stream has begun: the daemon counts it.
    private func tap(_ arguments: [String] = []) async throws -> Subprocess {
        let tap = try command(["tap"] + arguments)
        while !tap.hasEnded, try await run(["status", "--json"]).output.isEmpty == false {
            let metrics = try await Subprocess.run("/usr/bin/curl", ["-sS", "--unix-socket", statusSocket, "http://localhost/metrics"]).output
            if metrics.contains("event_streams 1\n") { break }
        }
        return tap
    }

    private func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Subprocess.Outcome {
        await (try command(arguments, environment: environment)).outcome()
    }

    private func send(_ logs: [(allowed: Bool, url: String)], session: String, process: String = "claude-code") throws {
        var request: [UInt8] = []
        for (number, log) in logs.enumerated() {
            LogEncoder.appendLog(
                allowed: log.allowed, nanoseconds: 1_764_000_000_123_456_789, method: Array("GET".utf8), url: Array(log.url.utf8),
                matchedRule: log.allowed ? Array("domain=a.example".utf8) : [], sequenceNumber: Int32(number), to: &request)
        }
        LogEncoder.appendSession(Array(session.utf8), process: Array(process.utf8), to: &request)
        let frame = [1, 0, UInt8(request.count >> 8), UInt8(request.count & 0xFF)] + request
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        try #require(result == 0)
        try #require(Glibc.send(descriptor, frame, frame.count, Int32(MSG_NOSIGNAL)) == frame.count)
    }

    @Test func linesForPeople() async throws {
        let daemon = try await daemon()
        let tap = try await tap()
        try send([(true, "https://a.example/x"), (false, "https://evil.example/\u{1B}[2J\u{9B}31m\u{202E}\r\nDENY")], session: "d401b2fd-3509-42c0-abae-2adeb7babe3b")
        #expect(await tap.waitFor("DENY  GET", on: .standardOutput))
        tap.send(SIGINT)
        let outcome = await tap.outcome()
        #expect(outcome.status == 0 && outcome.errors == "")
        let pid = getpid()
        #expect(outcome.output == """
            16:00:00.123 ALLOW GET     https://a.example/x  domain=a.example  claude-code[\(pid)]  d401b2fd
            16:00:00.123 DENY  GET     https://evil.example/\\u{1b}[2J\\u{9b}31m\\u{202e}\\r\\nDENY  no rule  claude-code[\(pid)]  d401b2fd

            """)
        daemon.send(SIGTERM)
        #expect(await daemon.outcome().status == 0)
    }

    @Test func filtersAndJSON() async throws {
        let daemon = try await daemon()
        let tap = try await tap(["--denied", "--session", "d401", "--json"])
        try send([(false, "https://a.example/other")], session: "e401")
        try send([(true, "https://a.example/1"), (false, "https://a.example/\u{9B}2")], session: "d401b2fd")
        #expect(await tap.waitFor("\n", on: .standardOutput))
        daemon.send(SIGTERM)
        #expect(await daemon.outcome().status == 0)
        let outcome = await tap.outcome()
        #expect(outcome.status == 1)
        #expect(outcome.errors == "boundary-log-proxy: the daemon went away: it has stopped, or cut this reader off\n")
        #expect(outcome.output.utf8.allSatisfy { $0 == 10 || (0x20..<0x7F).contains($0) })
        let log = try #require(JSONReader.read(outcome.standardOutput.dropLast()))
        #expect(log["url"].text == "https://a.example/\u{9B}2" && log["allowed"] == .bool(false) && log["pid"].integer == Int(getpid()))
    }

    @Test func itEndsWithItsReader() async throws {
        let daemon = try await daemon()
        // head ends after the first line; nothing more is written, and tap ends all the same.
        let pipeline = try Subprocess(
            "/bin/sh", ["-c", "\"$0\" tap --status-listen \"$1\" | head -n 1; echo over", Subprocess.product("boundary-log-proxy"), "unix:\(statusSocket)"],
            environment: ["PATH": "/usr/bin:/bin"])
        while !pipeline.hasEnded {
            try send([(true, "https://a.example/x")], session: "a")
            if pipeline.written(to: .standardOutput).contains("over") { break }
            sched_yield()
        }
        let outcome = await pipeline.outcome()
        #expect(outcome.output.hasSuffix("over\n") && outcome.output.split(separator: "\n").count == 2 && outcome.errors == "", "\(outcome.errors)")
        daemon.send(SIGTERM)
        _ = await daemon.outcome()
    }

    @Test func aPortWantsTheTokenOfTheLog() async throws {
        let daemon = try await daemon(statusListen: "127.0.0.1:0")
        let log = daemon.written(to: .standardError)
        let url = try #require(log.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("http://127.0.0.1:") })
        let parts = url.dropFirst(7).split(separator: "/#token=").map(String.init)
        let (address, token) = (parts[0], parts[1])
        for subcommand in [["status"], ["tap"], ["status", "--json", "--token", "wrong"]] {
            let refused = try await run(subcommand + ["--status-listen", address])
            #expect(refused.status == 1 && refused.errors.contains("set BOUNDARY_LOG_PROXY_STATUS_TOKEN"), "\(refused.errors)")
        }
        let environment = ["BOUNDARY_LOG_PROXY_STATUS_LISTEN": address, "BOUNDARY_LOG_PROXY_STATUS_TOKEN": token]
        #expect(try await run(["status"], environment: environment).output.contains("ready, started"))
        #expect(try await run(["status", "--json", "--token", token], environment: ["BOUNDARY_LOG_PROXY_STATUS_LISTEN": address]).output.contains("\"ledger\""))
        let inHeader = try await run(["status", "--token", "a\r\nX: y"], environment: environment)
        #expect(inHeader.status == 1 && inHeader.errors.contains("the token has characters"))
        daemon.send(SIGTERM)
        _ = await daemon.outcome()
    }

    @Test func nobodyThere() async throws {
        for subcommand in ["tap", "status"] {
            let outcome = try await run([subcommand])
            #expect(outcome.status == 1 && outcome.output.isEmpty)
            #expect(outcome.errors.contains("No such file or directory (is the daemon running, with --status-listen unix:\(statusSocket)?)"), "\(outcome.errors)")
        }
    }

    /// On a terminal of its own (script(1)), to which Ctrl-C is a byte.
    @Test func watchRestoresTheTerminal() async throws {
        let daemon = try await daemon()
        let program = Subprocess.product("boundary-log-proxy")
        let terminal = try Subprocess(
            "/usr/bin/script", ["-qec", "stty cols 60 rows 20; exec \(program) status --watch --status-listen unix:\(statusSocket)", "/dev/null"],
            environment: ["PATH": "/usr/bin:/bin", "TERM": "xterm", "LANG": "C.UTF-8"], takesInput: true)
        #expect(await terminal.waitFor("░", on: .standardOutput), "\(terminal.written(to: .standardOutput))")
        terminal.write("\u{3}")
        let outcome = await terminal.outcome()
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("\u{1B}[?1049h\u{1B}[?25l\u{1B}[H"))
        #expect(outcome.output.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"))
        for line in outcome.output.split(separator: "\r\n") {
            let text = line.split(separator: "\u{1B}[K")[0]
            #expect(text.split(separator: "\u{1B}[H").last.map { $0.count <= 60 } ?? true, "\(text)")
        }
        #expect(outcome.output.contains(" more lines: a taller terminal shows them"))
        let without = try await run(["status", "--watch"])
        #expect(without.status == 1 && without.errors.contains("--watch needs a terminal"))
        #expect(try await run(["status", "--watch", "--json"]).status == 2)
        daemon.send(SIGTERM)
        _ = await daemon.outcome()
    }

    // MARK: Pieces

    @Test func eventsSplitAnywhere() {
        let text = ": hello\n\nevent: log\ndata: {\"a\":1}\n\nevent: skipped\ndata: {\"logs\":7}\n\ndata:x\nid: 3\n\n: keep-alive\n\nevent: nothing\n\n"
        let expected = [("log", "{\"a\":1}"), ("skipped", "{\"logs\":7}"), ("", "x")].map { ServerSentEvents.Event(name: $0.0, data: Array($0.1.utf8)) }
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var events = ServerSentEvents()
            #expect((events.take(Array(bytes[..<cut])) ?? []) + (events.take(Array(bytes[cut...])) ?? []) == expected)
        }
        var one = ServerSentEvents()
        #expect(bytes.flatMap { one.take([$0]) ?? [] } == expected)
        var endless = ServerSentEvents()
        var isRefused = false
        for _ in 0..<100 where !isRefused { isRefused = endless.take([UInt8](repeating: 65, count: 64 << 10)) == nil }
        #expect(isRefused)
    }

    @Test func coloursAreOnlyOurs() {
        let log = JSONReader.read(Array(#"{"allowed":false,"method":"\u001b[31m","url":"\u001b]0;x\u0007","session_id":"\u009b1","confined_process_name":"\u007f"}"#.utf8))!
        let plain = TapLine(isColoured: false).text(log)
        #expect(!plain.unicodeScalars.dropLast().contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
        let coloured = TapLine(isColoured: true).text(log)
        #expect(coloured.contains("\u{1B}[1;31mDENY") && !coloured.contains("\u{1B}]") && !coloured.contains("\u{7}"))
        for strange in ["{}", "[]", "7", #"{"time":7,"url":[],"pid":"x"}"#] {
            #expect(TapLine(isColoured: false).text(JSONReader.read(Array(strange.utf8))!).hasSuffix("\n"))
        }
    }

    @Test func percentEncoding() { #expect(Tap.percentEncoded("aZ0-._~ &=\u{1B}é\r\n") == "aZ0-._~%20%26%3D%1B%C3%A9%0D%0A") }

    @Test func clientsAndBars() {
        let status = JSONReader.read(Array(#"""
            {"ring":{"bytes":5,"bytes_max":10},"clients":[{"connection":1,"pid":7,"uid":1000,"process":"cl\u001baude","connected_seconds":75,"idle_seconds":2,"logs":10,"bytes":1000,"reading_paused":false},
            {"connection":2,"pid":8,"uid":0,"process":"","connected_seconds":1,"idle_seconds":0,"logs":2000,"bytes":5,"reading_paused":true},7]}
            """#.utf8))!
        let text = StatusScreen(status, .init(isUTF8: true)).text
        #expect(text.contains("[██████████░░░░░░░░░░] 50 %"))
        #expect(text.contains("""
            client    process                  uid          logs            bytes  connected     idle
            8         -                          0         2,000                5         1s        0  READING PAUSED
            7         cl\\u{1b}aude            1000            10            1,000      1m15s       2s
            """), "\(text)")
        let narrow = StatusScreen(status, .init(columns: 30)).text
        #expect(narrow.split(separator: "\n").allSatisfy { $0.count <= 30 } && narrow.contains(">\n"))
    }
}
