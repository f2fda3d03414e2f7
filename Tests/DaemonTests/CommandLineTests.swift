import BoundaryLogProxy
import Glibc
import TestSupport
import Testing
import Wire

@testable import boundary_log_proxy

/// The built program, run as a user would.
@Suite struct CommandLineTests {
    private func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> Subprocess.Outcome {
        try await Subprocess.run(Subprocess.product("boundary-log-proxy"), arguments, environment: environment)
    }

    // MARK: Help

    /// The command line and the table hold the same options: ArgumentParser's own account of what it takes.
    @Test(arguments: ["serve", "check-config"])
    func theCommandLineTakesExactlyTheTable(subcommand: String) async throws {
        let outcome = try await run("--experimental-dump-help")
        let root = try #require(JSONReader.read(outcome.standardOutput))
        let subcommands = root["command"]["subcommands"].elements
        let command = try #require(subcommands.first { $0["commandName"].text == subcommand })
        var taken: [String: JSONValue] = [:]
        for argument in command["arguments"].elements where argument["kind"].text == "option" {
            taken[try #require(argument["preferredName"]["name"].text)] = argument
        }
        #expect(taken.removeValue(forKey: "config") != nil)
        #expect(Set(taken.keys) == Set(Options.all.map(\.name)))
        for option in Options.all {
            let argument = try #require(taken[option.name])
            #expect(argument["valueName"].text == option.valueName)
            #expect(argument["abstract"].text == option.helpText)
            #expect(argument["sectionTitle"].text == option.section.rawValue)
            #expect(argument["isRepeating"].isTrue == option.isRepeatable)
        }
    }

    @Test func helpShowsEveryOptionWithDefaultAndVariable() async throws {
        for subcommand in ["serve", "check-config"] {
            let outcome = try await run(subcommand, "--help")
            #expect(outcome.status == 0)
            #expect(outcome.standardError.isEmpty)
            // Lines are wrapped anywhere between words.
            let text = outcome.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            for option in Options.all {
                #expect(text.contains("--\(option.name) <\(option.valueName)>"))
                #expect(text.contains("(default: \(option.defaultText); environment: \(option.environmentVariable))"))
            }
            #expect(text.contains("EXIT STATUS"))
        }
    }

    @Test(arguments: [["--help"], ["-h"], ["help"], ["serve", "--help"], ["check-config", "-h"], ["status", "--help"], ["help", "version"]])
    func helpGoesToStandardOutput(arguments: [String]) async throws {
        let outcome = try await Subprocess.run(Subprocess.product("boundary-log-proxy"), arguments)
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("USAGE: boundary-log-proxy"))
        #expect(outcome.standardError.isEmpty)
    }

    // MARK: Exit status

    @Test(arguments: [["--nonsense"], ["nonsense"], ["check-config", "extra"], ["check-config", "--buffer-bytes"], ["serve", "--socket"], ["status", "--buffer-bytes", "1MiB"]])
    func whatIsNotUnderstood(arguments: [String]) async throws {
        let outcome = try await Subprocess.run(Subprocess.product("boundary-log-proxy"), arguments)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains("Usage: boundary-log-proxy"))
    }

    @Test func aTypoGetsASuggestion() async throws {
        #expect(try await run("--bufer-bytes", "1MiB").errors.contains("--buffer-bytes"))
    }

    @Test(arguments: ["serve", "check-config"])
    func aBadConfigurationIsOneWithAllErrors(subcommand: String) async throws {
        let outcome = try await run(
            subcommand, "--buffer-bytes", "12q", "--overflow", "maybe", environment: ["BOUNDARY_LOG_PROXY_LOG_LEVEL": "loud", "BOUNDARY_LOG_PROXY_SOCKT": "/a"])
        #expect(outcome.status == 1)
        #expect(outcome.output.isEmpty)
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines.allSatisfy { $0.hasPrefix("boundary-log-proxy: ") })
        for part in ["\"12q\"", "\"maybe\"", "\"loud\"", "did you mean BOUNDARY_LOG_PROXY_SOCKET?"] { #expect(outcome.errors.contains(part)) }
    }

    @Test func version() async throws {
        let outcome = try await run("version")
        #expect(outcome.status == 0)
        #expect(outcome.output.hasPrefix("boundary-log-proxy \(Version.text)\n"))
        #expect(try await run("--version").output == Version.text + "\n")
    }

    // MARK: check-config

    /// Those of one destination at a time; between them they are all.
    @Test(arguments: [
        (
            "http",
            [
                ("reporter", "http"), ("http-url", "https://h.example/in"), ("http-format", "ndjson"), ("http-token-file", "/run/token"),
                ("http-compression", "zstd"), ("http-ca-file", "/etc/ca.pem"), ("http-client-cert", "/etc/c.pem"), ("http-client-key", "/etc/k.pem"),
                ("http-timeout", "5s"), ("redact-url", "\"query,userinfo\""),
            ]
        ),
        (
            "coder",
            [
                ("reporter", "coder"), ("coder-url", "https://h.example"), ("coder-token-file", "/run/token"), ("coder-ca-file", "/etc/ca.pem"),
                ("coder-client-cert", "/etc/c.pem"), ("coder-client-key", "/etc/k.pem"), ("call-timeout", "5s"),
            ]
        ),
        (
            "otlp",
            [
                ("reporter", "otlp"), ("otlp-endpoint", "https://h.example"), ("otlp-logs-endpoint", "https://h.example/in"), ("otlp-protocol", "http/json"),
                ("otlp-token-file", "/run/token"), ("otlp-compression", "zstd"), ("otlp-ca-file", "/etc/ca.pem"), ("otlp-client-cert", "/etc/c.pem"),
                ("otlp-client-key", "/etc/k.pem"), ("otlp-timeout", "5s"), ("otlp-filter", "denied"), ("redact-url", "query"),
            ]
        ),
    ])
    func everyOptionOnTheCommandLine(reporter: String, own: [(String, String)]) async throws {
        let values = own + [
            ("socket", "/run/a.sock"), ("socket-mode", "0660"), ("socket-group", "audit"), ("connections-max", "7"), ("connection-idle-timeout", "5m"),
            ("frame-timeout", "5s"), ("client-rate-limit", "1MiB"),
            ("flush-interval", "250ms"), ("request-bytes-max", "64KiB"), ("in-flight-max", "4"), ("buffer-bytes", "32MiB"),
            ("overflow", "block"), ("durability", "spill"), ("spool-dir", "/var/lib/spool"), ("spool-bytes-max", "1GiB"), ("spool-after", "5s"),
            ("give-up-after", "24h"), ("metrics-listen", "\"[::1]:9464\""), ("status-listen", "unix:/run/status.sock"), ("drain-timeout", "1.5s"), ("log-level", "debug"), ("log-format", "json"),
        ]
        let section: OptionSection = ["http": .http, "coder": .coder, "otlp": .otlp][reporter]!
        let others = Options.all.filter { [.http, .coder, .otlp].contains($0.section) && $0.section != section }
        #expect(Set(values.map(\.0)).union(["file-path", "redact-url", "otlp-resource-attribute", "\(reporter)-header", "allow-uid", "allow-gid", "no-sandbox"]).union(others.map(\.name)) == Set(Options.all.map(\.name)))
        var arguments = ["check-config", "--\(reporter)-header", "A: b", "--\(reporter)-header=C: d"]
        var environment: [String: String] = [:]
        for (name, value) in values {
            let bare = value.filter { $0 != "\"" }
            arguments += ["--\(name)", bare]
            environment[try #require(Options.named(name)).environmentVariable] = bare
        }
        environment["BOUNDARY_LOG_PROXY_\(reporter.uppercased())_HEADER"] = "A: b\nC: d"
        let program = Subprocess.product("boundary-log-proxy")
        let byCommandLine = try await Subprocess.run(program, arguments)
        let byEnvironment = try await Subprocess.run(program, ["check-config"], environment: environment)
        #expect(byEnvironment.errors == "")
        #expect(byCommandLine.errors == (reporter != "coder" ? "" : "boundary-log-proxy: warning: coder-header: a header's value on the command line can be read by every user of this machine\n"))
        for outcome in [byCommandLine, byEnvironment] {
            #expect(outcome.status == 0)
            for (name, value) in values { #expect(outcome.output.contains("\n\(name): \(value) ") || outcome.output.hasPrefix("\(name): \(value) ")) }
            #expect(outcome.output.contains("\n  - \"A: ********\"\n  - \"C: ********\"\n"))
        }
    }

    @Test func standardOutputAsAFile() async throws {
        let outcome = try await run("check-config", "--file-path", "-")
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("file-path: \"-\""))
    }

    @Test func whatItPrintsItReads() async throws {
        let first = try await run("check-config", "--http-url", "https://h.example/in", "--drain-timeout", "2s", "--socket", "/run/with space.sock")
        try await withTemporaryFile(first.standardOutput) { path in
            let second = try await run("check-config", "--config", path)
            #expect(second.status == 0)
            let third = try await run("check-config", environment: ["BOUNDARY_LOG_PROXY_CONFIG": path])
            #expect(third.output == second.output)
            let values = { (text: String) in text.split(separator: "\n").map { String($0.prefix(upTo: $0.range(ofComment: "  #"))) } }
            #expect(values(second.output) == values(first.output))
            #expect(second.output.contains("# \(path) line 1\n"))
        }
    }

    @Test func aFileWithErrors() async throws {
        try await withTemporaryFile(Array("socket: /a\nsocket: /b\nsokcet-mode: 1\n".utf8)) { path in
            let outcome = try await run("check-config", "--config", path)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("has the key socket twice, first in line 1 (\(path) line 2)"))
            #expect(outcome.errors.contains("did you mean socket-mode? (\(path) line 3)"))
        }
        let missing = try await run("check-config", "--config", "/nonexistent.yaml")
        #expect(missing.status == 1)
        #expect(missing.errors == "boundary-log-proxy: configuration file: \"/nonexistent.yaml\" cannot be opened: No such file or directory\n")
    }

    private func withTemporaryFile(_ bytes: [UInt8], _ body: (String) async throws -> Void) async throws {
        var template = Array("/tmp/command-line-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        let count = write(descriptor, bytes, bytes.count)
        close(descriptor)
        try #require(count == bytes.count)
        try await body(path)
    }
}

extension Substring {
    /// Where `comment` begins, the end if nowhere.
    fileprivate func range(ofComment comment: String) -> Index {
        indices.first { self[$0...].hasPrefix(comment) } ?? endIndex
    }
}
