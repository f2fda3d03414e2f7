import Testing

@testable import BoundaryLogProxy

@Suite struct ConfigurationYAMLTests {
    private func build(_ yaml: String) throws -> Configuration {
        var builder = ConfigurationBuilder()
        builder.load(yaml: Array(yaml.utf8), path: "p")
        return try builder.build()
    }

    @Test(arguments: OptionSample.all.filter { !["http-header", "coder-header", "otlp-header"].contains($0.name) })
    func itReadsBackTheSame(sample: OptionSample) throws {
        for value in [sample.good, sample.other] {
            var builder = ConfigurationBuilder()
            for (name, value) in sample.needs + [(sample.name, value)] { builder.set(name, value, source: .commandLine) }
            let configuration = try builder.build()
            let again = try build(configuration.yaml)
            for option in Options.all { #expect(option.values(again) == option.values(configuration), "\(option.name)") }
        }
    }

    @Test(arguments: ["-", "a b", "a: b", "a #b", "\"", "'", "\\", "~", "null", "yes", "No", "a:", ":a", "é", "\u{1F600}", "a\nb", "\u{1}", "\u{7F}", "\u{85}", "\u{2028}", "\u{FEFF}", "%a", "@a", "`", "{", "[a]", "*a", "&a", "!a", "|", ">", ",", "0x1F", "1e3", ".5", "\u{FFFF}"])
    func anyPathIsQuotedSoThatItReadsBack(path: String) throws {
        var builder = ConfigurationBuilder()
        builder.set("file-path", path, source: .commandLine)
        #expect(try build(builder.build().yaml).filePath == path)
    }

    @Test func secretsAreMaskedAndMasksAreNotTakenForSecrets() throws {
        var builder = ConfigurationBuilder()
        builder.set("http-url", "https://user:hunter2@h.example:8443/in?key=hunter2&hunter2", source: .program)
        builder.set("http-header", "Authorization: hunter2", source: .program)
        let yaml = try builder.build().yaml
        #expect(!yaml.contains("hunter2"))
        #expect(yaml.contains("http-url: \"https://********@h.example:8443/in?key=********&********\""))
        #expect(yaml.contains("\n  - \"Authorization: ********\"\n"))
        let errors = #expect(throws: ConfigurationErrors.self) { try build(yaml) }!.errors
        #expect(errors.map(\.problem) == [
            "is a masked value as check-config prints it, not the address", "is a masked value as check-config prints it, not the header's value",
        ])
    }

    @Test func eachLineSaysWhereItsValueCameFrom() throws {
        var builder = ConfigurationBuilder()
        builder.load(yaml: Array("\n\ndrain-timeout: 5s\n".utf8), path: "/etc/p.yaml")
        builder.load(environment: ["BOUNDARY_LOG_PROXY_LOG_LEVEL": "debug", "TMPDIR": "/t"])
        builder.set("overflow", "block", source: .commandLine)
        let lines = try builder.build().yaml.split(separator: "\n").map { $0.split(separator: "  #", maxSplits: 1).map { $0.trimming(" ") } }
        #expect(lines.contains(["drain-timeout: 5s", "/etc/p.yaml line 3"]))
        #expect(lines.contains(["log-level: debug", "environment variable BOUNDARY_LOG_PROXY_LOG_LEVEL"]))
        #expect(lines.contains(["overflow: block", "command line"]))
        #expect(lines.contains(["buffer-bytes: 16MiB", "default"]))
        #expect(lines.contains(["socket: /t/boundary-audit.sock", "default, from the environment variable TMPDIR"]))
        #expect(lines.contains(["# http-format: protobuf", "no effect with reporter file"]))
        #expect(lines.contains(["# metrics-listen:", "not set, off"]))
        #expect(lines.count == Options.all.count)
    }
}

extension Substring {
    fileprivate func trimming(_ character: Character) -> String {
        var result = drop { $0 == character }
        while result.last == character { result.removeLast() }
        return String(result)
    }
}
