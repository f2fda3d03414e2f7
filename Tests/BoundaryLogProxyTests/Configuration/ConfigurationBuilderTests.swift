import Logging
import Testing

@testable import BoundaryLogProxy

@Suite struct ConfigurationBuilderTests {
    @Test func samplesCoverTheTable() { #expect(OptionSample.all.map(\.name) == Options.all.map(\.name)) }

    @Test func defaults() throws {
        let configuration = try ConfigurationBuilder().build()
        #expect(configuration.socketPath == "/tmp/boundary-audit.sock")
        #expect(configuration.socketMode == 0o600)
        #expect(configuration.socketGroup == nil)
        #expect(configuration.connectionsMax == 1024)
        #expect(configuration.connectionIdleTimeout == nil)
        #expect(configuration.reporters == [.file])
        #expect(configuration.filePath == "-")
        #expect(configuration.http.url == nil)
        #expect(configuration.http.timeout == .seconds(30))
        #expect(configuration.flushInterval == .milliseconds(100))
        #expect(configuration.requestBytesMax == 1 << 20)
        #expect(configuration.inFlightMax == 1)
        #expect(configuration.bufferBytes == 16 << 20)
        #expect(configuration.overflow == .dropNewest)
        #expect(configuration.durability == .spill)
        #expect(configuration.spoolDirectory == SpoolDirectoryDefault.ofUser)
        #expect(configuration.spoolBytesMax == 256 << 20)
        #expect(configuration.spoolAfter == .seconds(1))
        #expect(configuration.giveUpAfter == nil)
        #expect(configuration.metricsListen == nil)
        #expect(configuration.drainTimeout == .seconds(10))
        #expect(configuration.logLevel == .info)
        #expect(configuration.logFormat == .auto)
        #expect(configuration.warnings.isEmpty)
        #expect(Options.all.allSatisfy { configuration.source(of: $0.name) == .default })
    }

    @Test(arguments: OptionSample.all)
    func everyOptionFromEverySource(sample: OptionSample) throws {
        let variable = Options.named(sample.name)!.environmentVariable
        let ways: [(ValueSource, (inout ConfigurationBuilder) -> Void)] = [
            (.commandLine, { $0.set(sample.name, sample.good, source: .commandLine) }),
            (.environment(variable: variable), { $0.load(environment: [variable: sample.good]) }),
            (.file(path: "f.yaml", line: 2), { $0.load(yaml: Array("# a file\n\(sample.name): \(Configuration.scalar(sample.good))\n".utf8), path: "f.yaml") }),
        ]
        for (source, give) in ways {
            var builder = ConfigurationBuilder()
            for (name, value) in sample.needs { builder.set(name, value, source: .commandLine) }
            give(&builder)
            let configuration = try builder.build()
            #expect(configuration.unmasked(sample.name) == [sample.good])
            #expect(configuration.source(of: sample.name) == source)
        }
    }

    @Test(arguments: OptionSample.all)
    func commandLineThenEnvironmentThenFile(sample: OptionSample) throws {
        let variable = Options.named(sample.name)!.environmentVariable
        let file = ValueSource.file(path: "f.yaml", line: 1)
        var builder = ConfigurationBuilder()
        for (name, value) in sample.needs { builder.set(name, value, source: file) }
        // In the wrong order on purpose.
        builder.set(sample.name, sample.good, source: .environment(variable: variable))
        builder.set(sample.name, sample.other, source: file)
        #expect(try builder.build().unmasked(sample.name) == [sample.good])
        builder.set(sample.name, sample.other, source: .commandLine)
        builder.set(sample.name, sample.good, source: file)
        #expect(try builder.build().unmasked(sample.name) == [sample.other])
        #expect(try builder.build().source(of: sample.name) == .commandLine)
    }

    @Test func typedFields() throws {
        var builder = ConfigurationBuilder()
        for (name, value) in [
            ("socket-mode", "660"), ("connection-idle-timeout", "5m"), ("http-url", "https://u:p@h.example:8443/x?key=1"), ("http-header", "A:b"),
            ("http-header", "C:  d e "), ("metrics-listen", "[::1]:9464"), ("log-level", "trace"), ("overflow", "block"), ("http-compression", "zstd"),
        ] { builder.set(name, value, source: .commandLine) }
        let configuration = try builder.build()
        #expect(configuration.socketMode == 0o660)
        #expect(configuration.connectionIdleTimeout == .seconds(300))
        #expect(configuration.reporters == [.http])
        #expect(configuration.http.url?.text == "https://u:p@h.example:8443/x?key=1")
        #expect(configuration.http.url?.host == "h.example")
        #expect(configuration.http.headers.map(\.name) == ["A", "C"])
        #expect(configuration.http.headers.map(\.value) == ["b", "d e"])
        #expect(configuration.metricsListen == ListenAddress(host: "::1", port: 9464))
        #expect(configuration.logLevel == .trace)
        #expect(configuration.overflow == .block)
        #expect(configuration.http.compression == .zstd)
    }

    @Test(arguments: [
        ([:], "/tmp/boundary-audit.sock"),
        (["TMPDIR": "/var/tmp"], "/var/tmp/boundary-audit.sock"),
        (["TMPDIR": "/var/tmp/"], "/var/tmp/boundary-audit.sock"),
        (["TMPDIR": ""], "/tmp/boundary-audit.sock"),
        (["TMPDIR": "/t", "CODER_AGENT_BOUNDARY_LOG_PROXY_SOCKET_PATH": "/c.sock"], "/c.sock"),
        (["TMPDIR": "/t", "CODER_AGENT_BOUNDARY_LOG_PROXY_SOCKET_PATH": ""], "/t/boundary-audit.sock"),
        (["CODER_AGENT_BOUNDARY_LOG_PROXY_SOCKET_PATH": "/c.sock", "BOUNDARY_LOG_PROXY_SOCKET": "/b.sock"], "/b.sock"),
        (["CODER_AGENT_BOUNDARY_LOG_PROXY_SOCKET_PATH": "/c.sock", "BOUNDARY_LOG_PROXY_SOCKET": ""], "/c.sock"),
    ] as [([String: String], String)])
    func whereTheSocketIs(environment: [String: String], path: String) throws {
        var builder = ConfigurationBuilder()
        builder.load(environment: environment)
        #expect(try builder.build().socketPath == path)
    }

    @Test func aFileWinsOverTheVariableOfTheDefault() throws {
        var builder = ConfigurationBuilder()
        builder.load(yaml: Array("socket: /f.sock".utf8), path: "f")
        builder.load(environment: ["CODER_AGENT_BOUNDARY_LOG_PROXY_SOCKET_PATH": "/c.sock"])
        #expect(try builder.build().socketPath == "/f.sock")
    }

    @Test func repeatableOptionsGatherWithinASourceAndReplaceAcross() throws {
        var builder = ConfigurationBuilder()
        builder.set("http-url", "https://h", source: .commandLine)
        builder.load(yaml: Array("http-header:\n  - 'A: 1'\n  - 'B: 2'\n".utf8), path: "f")
        #expect(try builder.build().http.headers.map(\.text) == ["A: 1", "B: 2"])
        builder.load(environment: ["BOUNDARY_LOG_PROXY_HTTP_HEADER": "C: 3\n\nD: 4\n"])
        #expect(try builder.build().http.headers.map(\.text) == ["C: 3", "D: 4"])
        builder.set("http-header", "E: 5", source: .commandLine)
        builder.set("http-header", "F: 6", source: .commandLine)
        #expect(try builder.build().http.headers.map(\.text) == ["E: 5", "F: 6"])
    }

    @Test func kubernetesServiceVariablesAreNotOurs() throws {
        var builder = ConfigurationBuilder()
        builder.load(environment: [
            "BOUNDARY_LOG_PROXY_SERVICE_HOST": "10.0.0.1", "BOUNDARY_LOG_PROXY_SERVICE_PORT": "9464", "BOUNDARY_LOG_PROXY_SERVICE_PORT_METRICS": "9464",
            "BOUNDARY_LOG_PROXY_PORT": "tcp://10.0.0.1:9464", "BOUNDARY_LOG_PROXY_PORT_9464_TCP_ADDR": "10.0.0.1", "BOUNDARY_LOG_PROXY_CONFIG": "/x",
        ])
        #expect(throws: Never.self) { try builder.build() }
    }

    @Test func applyThrowsAndChangesNothing() throws {
        var builder = ConfigurationBuilder()
        try builder.apply("buffer-bytes", "32MiB", source: .program)
        #expect(throws: ConfigurationError.self) { try builder.apply("buffer-bytes", "x", source: .program) }
        #expect(throws: ConfigurationError.self) { try builder.apply("bufer-bytes", "1MiB", source: .program) }
        #expect(try builder.build().bufferBytes == 32 << 20)
    }
}
