import Testing

@testable import BoundaryLogProxy

/// What is different when a program embeds the proxy.
@Suite struct EmbeddingConfigurationTests {
    private func builder(_ options: KeyValuePairs<String, String> = [:]) throws -> ConfigurationBuilder {
        var builder = ConfigurationBuilder()
        builder.useDefaultsForEmbedding()
        for (name, value) in options { try builder.apply(name, value, source: .program) }
        return builder
    }

    @Test func aProgramNamesItsDestination() throws {
        let error = #expect(throws: ConfigurationErrors.self) { try builder().build() }
        #expect(error?.description == "reporter: no destination is given; allowed: file-path, http-url, coder-url, or a callback of the program")
        #expect(try builder(["file-path": "-"]).build().reporters == [.file])
        #expect(try builder(["http-url": "http://localhost/"]).build().reporters == [.http])
    }

    @Test func itGetsNoFilesInItsHomeUnlessItAsks() throws {
        #expect(try builder(["file-path": "/x"]).build().durability == .memory)
        #expect(try builder(["file-path": "/x", "durability": "spill", "spool-dir": "/s"]).build().spoolDirectory == "/s")
    }

    @Test func aCallbackIsTheReporter() throws {
        var builder = try builder(["call-timeout": "2s"])
        builder.setCallbackReporter()
        let configuration = try builder.build()
        #expect(configuration.reporters == [.callback] && configuration.coder.callTimeout == .seconds(2))
        #expect(configuration.source(of: "reporter") == .program)
    }

    @Test func aWorkspaceAroundACallbackIsLeftAlone() throws {
        var builder = try builder()
        try builder.apply(environment: ["CODER_AGENT_URL": "https://coder.example.com", "CODER_AGENT_TOKEN": "t"])
        builder.setCallbackReporter()
        let configuration = try builder.build()
        #expect(configuration.reporters == [.callback] && configuration.coder.url == nil && configuration.coder.token == nil)
    }

    @Test func itMayDoWithoutASocket() throws {
        #expect(try builder(["file-path": "/x", "socket": ""]).build().socketPath == nil)
        #expect(try builder(["file-path": "/x"]).build().socketPath == "/tmp/boundary-audit.sock")
        let error = #expect(throws: ConfigurationErrors.self) { try builder(["file-path": "/x", "socket": "", "connections-max": "3"]).build() }
        #expect(error?.description == "connections-max: \"3\" has no effect without a socket (set by the program)")
        var daemon = ConfigurationBuilder()
        let refused = #expect(throws: ConfigurationError.self) { try daemon.apply("socket", "", source: .commandLine) }
        #expect(refused?.description.hasPrefix("socket: \"\" is empty; allowed: a path of at most 107 bytes") == true)
    }

    @Test func theSandboxIsTheDaemonsAlone() throws {
        let error = #expect(throws: ConfigurationErrors.self) { try builder(["file-path": "/x", "no-sandbox": "seccomp"]).build() }
        #expect(error?.description == "no-sandbox: has no effect in a program that embeds the proxy, which is never confined by it (set by the program)")
    }

    @Test func anotherReporterContradictsIt() throws {
        var builder = try builder(["reporter": "file"])
        builder.setCallbackReporter()
        let error = #expect(throws: ConfigurationErrors.self) { try builder.build() }
        #expect(error?.description == "reporter: \"file\" contradicts the program, which has set a callback as the reporter (set by the program)")
    }

    @Test func noneAsksForItByName() throws {
        let error = #expect(throws: ConfigurationError.self) { try builder(["reporter": "callback"]) }
        #expect(error?.allowed == "file, http, coder, otlp, discard, or several joined by commas")
    }

    @Test func whatIsWrongInAFileOrTheEnvironmentIsNotTaken() throws {
        var builder = try builder(["file-path": "/x"])
        let missing = #expect(throws: ConfigurationErrors.self) { try builder.apply(file: "/nowhere/x.yaml") }
        #expect(missing?.errors.count == 1)
        let errors = #expect(throws: ConfigurationErrors.self) {
            try builder.apply(environment: ["BOUNDARY_LOG_PROXY_OVERFLOW": "never", "BOUNDARY_LOG_PROXY_IN_FLIGHT_MAX": "7"])
        }
        #expect(errors?.errors.map(\.key) == ["overflow"])
        #expect(try builder.build().inFlightMax == 1)
    }
}
