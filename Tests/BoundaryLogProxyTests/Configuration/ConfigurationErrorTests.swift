import Testing

@testable import BoundaryLogProxy

@Suite struct ConfigurationErrorTests {
    /// What is said about values given on the command line, one line for each error.
    private func complaints(_ values: KeyValuePairs<String, String>, environment: [String: String] = [:], yaml: String = "") -> [String] {
        var builder = ConfigurationBuilder()
        builder.load(yaml: Array(yaml.utf8), path: "/etc/p.yaml")
        builder.load(environment: environment)
        for (name, value) in values { builder.set(name, value, source: .commandLine) }
        do {
            _ = try builder.build()
            return []
        } catch { return error.errors.map(\.description) }
    }

    @Test(arguments: OptionSample.all)
    func everyBadValueNamesKeyValueSourceAndWhatIsAllowed(sample: OptionSample) throws {
        let option = Options.named(sample.name)!
        var builder = ConfigurationBuilder()
        builder.set(sample.name, sample.bad, source: .commandLine)
        builder.load(yaml: Array("\(sample.name): \(Configuration.scalar(sample.bad))".utf8), path: "/etc/p.yaml")
        builder.set(sample.name, sample.bad, source: .environment(variable: option.environmentVariable))
        let errors = #expect(throws: ConfigurationErrors.self) { try builder.build() }!.errors.filter { $0.allowed != nil }
        #expect(errors.count == 3)
        for error in errors {
            #expect(error.key == sample.name)
            #expect(error.value == option.mask(sample.bad))
            #expect(error.allowed == option.kind.allowed)
            #expect(error.description.hasPrefix("\(sample.name): \"\(option.mask(sample.bad))\" "))
            #expect(error.description.contains("; allowed: \(option.kind.allowed) ("))
        }
        #expect(errors[0].description.hasSuffix("(command line)"))
        #expect(errors[1].description.hasSuffix("(/etc/p.yaml line 1)"))
        #expect(errors[2].description.hasSuffix("(environment variable \(option.environmentVariable))"))
    }

    @Test(arguments: [
        (["buffer-bytes": "12q"], ["buffer-bytes: \"12q\" is not a size; allowed: 1MiB to 64GiB, written like 16MiB, 512KiB, 1GB or 4096 (command line)"]),
        (["buffer-bytes": "1KiB"], ["buffer-bytes: \"1KiB\" is out of range; allowed: 1MiB to 64GiB, written like 16MiB, 512KiB, 1GB or 4096 (command line)"]),
        (["flush-interval": "5"], ["flush-interval: \"5\" is not a duration; allowed: 0 to 1h, written like 250ms, 1.5s, 2m, 1h30m or 0 (command line)"]),
        (["in-flight-max": "-1"], ["in-flight-max: \"-1\" is not a whole number; allowed: a whole number from 1 to 64 (command line)"]),
        (["in-flight-max": "99999999999999999999"], ["in-flight-max: \"99999999999999999999\" is too large; allowed: a whole number from 1 to 64 (command line)"]),
        (["overflow": "Block"], ["overflow: \"Block\" is not one of its values; allowed: drop-newest, drop-oldest, block (command line)"]),
        (["socket-mode": "1777"], ["socket-mode: \"1777\" is out of range; allowed: octal permission bits from 0 to 0777, such as 0600 or 0660 (command line)"]),
        (["socket": "/a\u{0}b"], ["socket: \"/a\\u{0}b\" has a NUL byte; allowed: a path of at most 107 bytes (command line)"]),
        (["socket": "/run/"], ["socket: \"/run/\" is a directory's path; allowed: a path of at most 107 bytes (command line)"]),
        (["bufer-bytes": "1MiB"], ["bufer-bytes: is not the name of an option; did you mean buffer-bytes? (command line)"]),
        (["zzzzzzzzzz": "1"], ["zzzzzzzzzz: is not the name of an option (command line)"]),
        (["reporter": "http"], ["reporter: \"http\" needs --http-url; allowed: reporter http together with http-url, or reporter file (command line)"]),
        (
            ["reporter": "file,file"],
            ["reporter: \"file,file\" names file twice; allowed: file, http, coder, otlp, discard, or several joined by commas (command line)"]
        ),
        (
            ["reporter": "file,collector"],
            ["reporter: \"file,collector\" names one that is not there; allowed: file, http, coder, otlp, discard, or several joined by commas (command line)"]
        ),
        (["reporter": "file,otlp", "http-format": "ndjson"], ["http-format: \"ndjson\" has no effect with --reporter file,otlp (command line)"]),
        (["http-format": "ndjson"], ["http-format: \"ndjson\" has no effect with --reporter file, the default without --http-url (command line)"]),
        (["http-url": "http://h", "http-ca-file": "/c"], ["http-ca-file: \"/c\" has no effect, because http-url begins with http:// (command line)"]),
        (
            ["coder-url": "http://h", "coder-token-file": "/t", "coder-client-key": "/k", "coder-client-cert": "/c"],
            ["coder-client-cert: \"/c\" has no effect, because coder-url begins with http:// (command line)"]
        ),
        (["coder-url": "https://h", "coder-token-file": "/t", "coder-client-key": "/k"], ["coder-client-key: \"/k\" needs --coder-client-cert (command line)"]),
        (
            ["coder-url": "https://h", "coder-token-file": "/t", "coder-header": "coder-session-token: x1234567"],
            ["coder-header: \"coder-session-token: ********\" sets coder-session-token, which the proxy sets itself (command line)"]
        ),
        (
            ["reporter": "coder"],
            [
                "reporter: \"coder\" needs --coder-url or the environment variable CODER_AGENT_URL (command line)",
                "reporter: \"coder\" needs a token: --coder-token-file, or the environment variable CODER_AGENT_TOKEN or CODER_AGENT_TOKEN_FILE (command line)",
            ]
        ),
        (
            ["coder-url": "https://h"],
            ["reporter: \"coder\" needs a token: --coder-token-file, or the environment variable CODER_AGENT_TOKEN or CODER_AGENT_TOKEN_FILE"]
        ),
        (["coder-url": "https://u:p@h", "coder-token-file": "/t"], ["coder-url: \"https://********@h\" has user info, which coderd does not take; allowed: http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH] (command line)"]),
        (["reporter": "file", "http-url": "https://h"], ["http-url: \"https://h\" has no effect with --reporter file (command line)"]),
        (["file-path": "/a", "http-url": "https://h"], ["file-path: \"/a\" has no effect with --reporter http (command line)"]),
        (["http-url": "https://h", "http-client-cert": "/c"], ["http-client-cert: \"/c\" needs --http-client-key (command line)"]),
        (["http-url": "https://h", "http-client-key": "/k"], ["http-client-key: \"/k\" needs --http-client-cert (command line)"]),
        (["http-url": "https://h", "http-token-file": "/t", "http-header": "authorization: Basic x"],
            ["http-token-file: \"/t\" and an Authorization header in http-header cannot both be sent; give one of them (command line)"]),
        (["buffer-bytes": "1MiB"], ["buffer-bytes: \"1MiB\" contradicts request-bytes-max 1MiB; allowed: request-bytes-max of at most half of buffer-bytes (command line)"]),
        (["request-bytes-max": "10MiB"], ["request-bytes-max: \"10MiB\" contradicts buffer-bytes 16MiB; allowed: request-bytes-max of at most half of buffer-bytes (command line)"]),
    ] as [(KeyValuePairs<String, String>, [String])])
    func texts(values: KeyValuePairs<String, String>, expected: [String]) { #expect(complaints(values) == expected) }

    @Test func allErrorsAreReportedTogether() {
        let all = complaints(
            ["buffer-bytes": "x", "overflow": "y"], environment: ["BOUNDARY_LOG_PROXY_LOG_LEVEL": "z", "BOUNDARY_LOG_PROXY_SOCKT": "/a"],
            yaml: "drain-timeout: 1\nhttp-format: q\nsockets: /b\n")
        #expect(all == [
            "drain-timeout: \"1\" is not a duration; allowed: 0 to 1h, written like 250ms, 1.5s, 2m, 1h30m or 0 (/etc/p.yaml line 1)",
            "http-format: \"q\" is not one of its values; allowed: protobuf, ndjson (/etc/p.yaml line 2)",
            "sockets: is not the name of an option; did you mean socket? (/etc/p.yaml line 3)",
            "log-level: \"z\" is not one of its values; allowed: trace, debug, info, notice, warning, error, critical (environment variable BOUNDARY_LOG_PROXY_LOG_LEVEL)",
            "BOUNDARY_LOG_PROXY_SOCKT: is not the name of an option's environment variable; did you mean BOUNDARY_LOG_PROXY_SOCKET? (environment variable BOUNDARY_LOG_PROXY_SOCKT)",
            "buffer-bytes: \"x\" is not a size; allowed: 1MiB to 64GiB, written like 16MiB, 512KiB, 1GB or 4096 (command line)",
            "overflow: \"y\" is not one of its values; allowed: drop-newest, drop-oldest, block (command line)",
        ])
    }

    @Test func aBadDefaultFromTheEnvironmentIsAnError() {
        let long = "/" + String(repeating: "t", count: 120)
        #expect(complaints([:], environment: ["TMPDIR": long]) == [
            "socket: \"\(long)/boundary-audit.sock\" is 141 bytes long; allowed: a path of at most 107 bytes (default, from the environment variable TMPDIR)"
        ])
    }

    @Test(arguments: [
        ("socket-path", "socket"), ("mode", "socket-mode"), ("http-tokenfile", "http-token-file"), ("http_format", "http-format"), ("flush-intervall", "flush-interval"),
        ("Buffer-Bytes", "buffer-bytes"), ("reproter", "reporter"), ("max-connections", "connections-max"),
    ])
    func didYouMean(written: String, meant: String) {
        #expect(complaints([written: "x"]).first?.contains("did you mean \(meant)?") == true, "\(complaints([written: "x"]))")
    }

    @Test(arguments: [
        "https://u:secret@h/?a=b#x", "https://u:secret@h:99999/", "ftp://u:secret@h/", "//u:secret@h", "secret@", "https://h/?token=secret x", "https://user:secret@",
        "https://secret@h/\n",
    ])
    func noErrorShowsASecretOfAnAddress(url: String) {
        let all = complaints(["http-url": url])
        #expect(all.count == 1)
        #expect(!all.joined().contains("secret"), "\(all)")
    }

    @Test(arguments: ["secret", "A secret", ": secret", "Content-Type: secret", "Idempotency-Key: secret", "content-LENGTH:secret", "A: secret\u{0}x", "A: secret\nB: c"])
    func noErrorShowsASecretOfAHeader(header: String) {
        let all = complaints(["http-url": "https://h", "http-header": header])
        #expect(all.count == 1)
        #expect(!all.joined().contains("secret"), "\(all)")
    }

    @Test func textFromOutsideCannotMakeLines() {
        for value in ["a\nb", "\u{1B}[2J", "\u{85}", "\u{202E}x"] {
            for text in complaints(["overflow": value, value: "x"], environment: ["BOUNDARY_LOG_PROXY_\(value)": "1"]) {
                #expect(!text.unicodeScalars.contains(where: Printable.isUnsafe), "\(text)")
            }
        }
    }

    @Test func doubts() throws {
        func warnings(_ values: KeyValuePairs<String, String>, source: ValueSource = .commandLine) throws -> [String] {
            var builder = ConfigurationBuilder()
            for (name, value) in values { builder.set(name, value, source: source) }
            return try builder.build().warnings
        }
        let plain = "http-url: credentials are sent to h in plain text, because the address begins with http://"
        #expect(try warnings(["http-url": "http://h/", "http-token-file": "/t"]) == [plain])
        #expect(try warnings(["reporter": "discard"]) == ["reporter: discard throws every log away, and counts it as delivered"])
        #expect(try warnings(["http-url": "http://h/", "http-header": "Authorization: x"], source: .environment(variable: "V")) == [plain])
        #expect(try warnings(["http-url": "https://h/", "http-token-file": "/t"]) == [])
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1", "127.9.9.9:1", "[::1]:80", "a.localhost"] {
            #expect(try warnings(["http-url": "http://\(host)/", "http-token-file": "/t"]) == [], "\(host)")
        }
        for host in ["127.0.0.1.example.com", "127.0.0", "10.0.0.1", "[::2]", "localhost.example"] {
            #expect(try warnings(["http-url": "http://\(host)/", "http-token-file": "/t"]).count == 1, "\(host)")
        }
        #expect(try warnings(["http-url": "https://u:p@h/"]) == ["http-url: user info on the command line can be read by every user of this machine"])
        #expect(try warnings(["http-url": "https://h/", "http-header": "Authorization: x"]) == ["http-header: a header's value on the command line can be read by every user of this machine"])
        #expect(try warnings(["socket-mode": "0666"]) == ["socket-mode: every user of this machine can write audit logs"])
        #expect(try warnings(["socket-mode": "0666", "allow-gid": "audit"]).isEmpty)
        #expect(try warnings(["socket-mode": "0"]) == ["socket-mode: the daemon's own user cannot write to the socket"])
    }
}
