import Testing

@testable import BoundaryLogProxy

@Suite struct SpoolConfigurationTests {
    private func make(_ environment: [String: String], _ options: KeyValuePairs<String, String> = [:]) throws -> Configuration {
        var builder = ConfigurationBuilder()
        for (name, value) in options { builder.set(name, value, source: .commandLine) }
        builder.load(environment: environment)
        return try builder.build()
    }

    @Test(arguments: [
        (["STATE_DIRECTORY": "/var/lib/a", "XDG_STATE_HOME": "/x", "HOME": "/h"], "/var/lib/a"),
        (["STATE_DIRECTORY": "/var/lib/a:/var/lib/b"], "/var/lib/a"),
        (["STATE_DIRECTORY": "", "XDG_STATE_HOME": "/x", "HOME": "/h"], "/x/boundary-log-proxy"),
        (["XDG_STATE_HOME": "/x/", "HOME": "/h"], "/x/boundary-log-proxy"),
        (["XDG_STATE_HOME": "not/absolute", "HOME": "/h"], "/h/.local/state/boundary-log-proxy"),
        (["XDG_STATE_HOME": "", "HOME": "/"], "/.local/state/boundary-log-proxy"),
        (["HOME": "/h", "BOUNDARY_LOG_PROXY_SPOOL_DIR": "/s"], "/s"),
    ] as [([String: String], String)])
    func whereTheSpoolIs(environment: [String: String], path: String) throws { #expect(try make(environment).spoolDirectory == path) }

    @Test func eachOfSeveralDestinationsHasOne() throws {
        let configuration = try make(["BOUNDARY_LOG_PROXY_SPOOL_DIR": "/s"], ["reporter": "otlp,file", "redact-url": "query"])
        #expect(configuration.reporters == [.otlp, .file] && configuration.reporterNames == "otlp,file")
        #expect(configuration.spoolDirectory(of: .otlp) == "/s" && configuration.spoolDirectory(of: .file) == "/s/spool-file")
        // Options of each have an effect.
        #expect(configuration.yaml.contains("\notlp-filter: ") && configuration.yaml.contains("\nfile-path: ") && configuration.yaml.contains("\n# http-format: "))
    }

    @Test func withoutAHomeInTheEnvironmentTheUsersIsTaken() throws {
        let home = SpoolDirectoryDefault.ofUser
        #expect(home.hasPrefix("/") && home.hasSuffix("/.local/state/boundary-log-proxy"))
        #expect(try make(["HOME": "", "XDG_STATE_HOME": ""]).spoolDirectory == home)
    }

    @Test func checkConfigSaysWhereTheDefaultCameFrom() throws {
        let yaml = try make(["STATE_DIRECTORY": "/var/lib/a"]).yaml
        #expect(yaml.contains("spool-dir: /var/lib/a ") && yaml.contains("# default, from the environment variable STATE_DIRECTORY"))
        let memory = try make(["STATE_DIRECTORY": "/var/lib/a"], ["durability": "memory"]).yaml
        #expect(memory.contains("# spool-dir: /var/lib/a ") && memory.contains("# no effect with durability memory"))
    }

    @Test(arguments: [("memory", "spool-dir", "/a"), ("memory", "spool-bytes-max", "1GiB"), ("memory", "spool-after", "2s"), ("sync", "spool-after", "2s")])
    func whatHasNoEffectIsAnError(durability: String, name: String, value: String) throws {
        let error = #expect(throws: ConfigurationErrors.self) { try make(["HOME": "/h"], ["durability": durability, name: value]) }
        #expect(error?.description == "\(name): \"\(value)\" has no effect with --durability \(durability) (command line)")
    }

    @Test(arguments: ["memory", "spill", "sync"])
    func givingUpWorksInEveryMode(durability: String) throws {
        #expect(try make(["HOME": "/h"], ["durability": durability, "give-up-after": "24h"]).giveUpAfter == .seconds(86_400))
    }
}
