import Testing

@testable import BoundaryLogProxy

@Suite struct OTLPConfigurationTests {
    private func make(_ environment: [String: String], _ options: [String: String] = ["reporter": "otlp"]) throws -> Configuration {
        var builder = ConfigurationBuilder()
        for (name, value) in options { builder.set(name, value, source: .commandLine) }
        builder.load(environment: environment)
        return try builder.build()
    }

    @Test(arguments: [
        ([:], "http://localhost:4318/v1/logs"), (["OTEL_EXPORTER_OTLP_ENDPOINT": "https://c.example"], "https://c.example/v1/logs"),
        (["OTEL_EXPORTER_OTLP_ENDPOINT": "https://c.example/base/"], "https://c.example/base/v1/logs"),
        (["OTEL_EXPORTER_OTLP_ENDPOINT": "https://c.example", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "https://l.example/x"], "https://l.example/x"),
        (["BOUNDARY_LOG_PROXY_OTLP_ENDPOINT": "http://[::1]:4318", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://c.example"], "http://[::1]:4318/v1/logs"),
    ] as [([String: String], String)])
    func whereLogsGo(environment: [String: String], url: String) throws {
        #expect(try make(environment).otlp.url == url)
    }

    @Test func theVariablesForLogsWinOverThoseForAll() throws {
        let otlp = try make([
            "OTEL_EXPORTER_OTLP_HEADERS": "a=1", "OTEL_EXPORTER_OTLP_LOGS_HEADERS": " api-key = s%20x ,b=2", "OTEL_EXPORTER_OTLP_TIMEOUT": "100",
            "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT": "2500", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
            "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/protobuf",
        ]).otlp
        #expect(otlp.headers.map(\.text) == ["api-key: s x", "b: 2"])
        #expect(otlp.timeout == .milliseconds(2500) && otlp.compression == .gzip && otlp.format == .protobuf)
    }

    @Test func whatIsWrongInTheEnvironmentIsNamed() {
        #expect { try make(["OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"]) } throws: {
            "\($0)".contains("otlp-protocol: \"grpc\" is not one of its values") && "\($0)".contains("OTEL_EXPORTER_OTLP_PROTOCOL") && "\($0)".contains("http/protobuf, http/json")
        }
        #expect { try make(["OTEL_EXPORTER_OTLP_TIMEOUT": "soon"]) } throws: { "\($0)".contains("otlp-timeout: \"soon\" is not a duration") }
    }

    @Test func theVariablesNeverChooseTheReporterNorHarmAnother() throws {
        let environment = ["OTEL_EXPORTER_OTLP_ENDPOINT": "not an address", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"]
        #expect(try make(environment, [:]).reporters == [.file])
        #expect(try make(environment, ["http-url": "https://h"]).reporters == [.http])
    }

    @Test func theResourceIsWhatIsGivenAndWhatIsKnown() throws {
        let environment = [
            "OTEL_RESOURCE_ATTRIBUTES": "service.name=x,team=a%2Cb", "OTEL_SERVICE_NAME": "mine", "CODER_WORKSPACE_NAME": "w", "CODER_WORKSPACE_ID": "",
        ]
        let resource = try make(environment).otlp.resource(environment: environment)
        #expect(resource.prefix(3).map { "\($0.key)=\($0.value)" } == ["service.name=mine", "team=a,b", "service.version=\(Version.text)"])
        #expect(resource.contains { $0.key == "coder.workspace.name" && $0.value == "w" } && !resource.contains { $0.key == "coder.workspace.id" })
        #expect(Set(resource.map(\.key)).count == resource.count)
        let given = try make(environment, ["reporter": "otlp", "otlp-resource-attribute": "service.name=ours"]).otlp.resource(environment: environment)
        #expect(given.first.map { $0.key == "service.name" && $0.value == "ours" } == true)
        #expect(!given.contains { $0.key == "team" })
    }

    @Test func redactionIsNotForCoderd() {
        let coder = ["coder-url": "https://c", "coder-token-file": "/t", "redact-url": "query"]
        #expect { try make([:], coder) } throws: { "\($0)".contains("redact-url: \"query\" has no effect with --reporter coder") }
    }
}
