import Glibc
import TestSupport
import Testing

@testable import BoundaryLogProxy

@Suite struct ConfigurationChangesTests {
    private func make(_ options: [(String, String)], environment: [String: String] = [:]) throws -> Configuration {
        var builder = ConfigurationBuilder()
        builder.load(environment: environment)
        for (name, value) in options { builder.set(name, value, source: .commandLine) }
        return try builder.build()
    }

    /// Every option of the table, from one value to another: it is in effect at once, or it is said to wait.
    @Test(arguments: OptionSample.all.filter { $0.name != "reporter" && $0.good != $0.other })
    func everyOptionIsAppliedOrWaits(sample: OptionSample) throws {
        // A certificate's file has no effect on http://, which is what the other address may be.
        let needs = sample.needs.filter { $0.0 != sample.name }
        let old = try make(needs + [(sample.name, sample.good)]), new = try make(needs + [(sample.name, sample.other)])
        let changes = ConfigurationChanges(from: old, to: new)
        let row = try #require(Options.named(sample.name))
        let mine = try #require(changes.all.first { $0.name == sample.name })
        // What is implied (a reporter) may have changed with it.
        #expect(mine.isLive == row.isLive || new.reporters != old.reporters)
        #expect(changes.result.unmasked(sample.name) == (mine.isLive ? new : old).unmasked(sample.name))
        #expect(changes.waiting.allSatisfy { changes.result.unmasked($0.name) == old.unmasked($0.name) })
        #expect(mine.text.hasPrefix("\(sample.name): "))
    }

    @Test func nothingHasChanged() throws {
        let configuration = try make(OptionSample.coder)
        #expect(ConfigurationChanges(from: configuration, to: configuration).all.isEmpty)
    }

    @Test func anotherReporterTakesItsOptionsAlong() throws {
        let old = try make([]), new = try make([("http-url", "http://127.0.0.1/x"), ("http-timeout", "5s"), ("flush-interval", "1s")])
        let changes = ConfigurationChanges(from: old, to: new)
        #expect(changes.waiting.map(\.name) == ["reporter", "http-url", "http-timeout"] && changes.live.map(\.name) == ["flush-interval"])
        #expect(changes.result.reporters == [.file] && changes.result.http.url == nil && changes.result.flushInterval == .seconds(1))
    }

    @Test func anotherDurabilityTakesItsOptionsAlong() throws {
        let changes = ConfigurationChanges(from: try make([("durability", "memory")]), to: try make([("spool-after", "3s"), ("spool-bytes-max", "1GiB")]))
        #expect(changes.live.isEmpty && Set(changes.waiting.map(\.name)) == ["durability", "spool-after", "spool-bytes-max"])
    }

    @Test func secretsAreMasked() throws {
        let url = ("http-url", "http://127.0.0.1/")
        let changes = ConfigurationChanges(
            from: try make([url, ("http-header", "X-Key: old-secret")]), to: try make([("http-url", "http://user:pass@127.0.0.1/"), ("http-header", "X-Key: new-secret")]))
        let text = changes.all.map(\.text).joined(separator: "\n")
        #expect(changes.live.count == 2 && text.contains("http-header: changed (X-Key: ********)"), "\(text)")
        for secret in ["old-secret", "new-secret", "pass"] { #expect(!text.contains(secret)) }
    }

    @Test func anOptionThatIsTakenOutGoesBackToItsDefault() throws {
        let changes = ConfigurationChanges(from: try make([("give-up-after", "1h"), ("socket-group", "audit")]), to: try make([]))
        #expect(changes.live.map(\.text) == ["socket-group: audit → not set", "give-up-after: 1h → 0"])
        #expect(changes.result.giveUpAfter == nil && changes.result.socketGroup == nil && changes.result.source(of: "give-up-after") == .default)
    }

    // MARK: Credentials

    @Test func credentialsOfTheServiceManagerAreTheDefaultTokens() throws {
        let directory = TemporaryDirectory()
        for name in ["coder-token", "http-token"] { close(open(directory.path(name), O_CREAT | O_WRONLY, 0o600)) }
        let environment = ["CREDENTIALS_DIRECTORY": directory.path]
        let coder = try make([("coder-url", "https://h")], environment: environment)
        #expect(coder.reporters == [.coder] && coder.coder.tokenFile == directory.path("coder-token"))
        #expect(coder.source(of: "coder-token-file") == .defaultFromEnvironment(variable: "CREDENTIALS_DIRECTORY"))
        #expect(try make([("http-url", "https://h")], environment: environment).http.tokenFile == directory.path("http-token"))
        // What somebody asked for goes first, and so does a header that says the same.
        #expect(try make([("http-url", "https://h"), ("http-token-file", "/t")], environment: environment).http.tokenFile == "/t")
        #expect(try make([("http-url", "https://h"), ("http-header", "Authorization: x")], environment: environment).http.tokenFile == nil)
        let agent = try make([("coder-url", "https://h")], environment: environment.merging(["CODER_AGENT_TOKEN_FILE": "/agent"]) { $1 })
        #expect(agent.coder.tokenFile == "/agent")
        // They alone are no wish for a destination.
        #expect(try make([], environment: environment).reporters == [.file])
    }

    @Test func credentialsThatAreNotThereAreNone() throws {
        let directory = TemporaryDirectory()
        #expect(try make([("http-url", "https://h")], environment: ["CREDENTIALS_DIRECTORY": directory.path]).http.tokenFile == nil)
    }
}
