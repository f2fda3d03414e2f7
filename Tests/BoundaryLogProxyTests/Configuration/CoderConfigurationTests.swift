import Testing

@testable import BoundaryLogProxy

@Suite struct CoderConfigurationTests {
    static let url = "https://coder.example.com"

    func make(_ environment: [String: String], _ options: [String: String] = [:]) throws -> Configuration {
        var builder = ConfigurationBuilder()
        for (name, value) in options { builder.set(name, value, source: .commandLine) }
        builder.load(environment: environment)
        return try builder.build()
    }

    @Test(arguments: [
        ["CODER_AGENT_URL": url, "CODER_AGENT_TOKEN": "t"], ["CODER_AGENT_URL": url, "CODER_AGENT_TOKEN_FILE": "/t"],
        ["CODER_AGENT_URL": url, "BOUNDARY_LOG_PROXY_CODER_TOKEN_FILE": "/t"], ["BOUNDARY_LOG_PROXY_CODER_URL": url, "CODER_AGENT_TOKEN": "t"],
    ])
    func aWorkspacesEnvironmentMakesCoderTheDestination(environment: [String: String]) throws {
        let configuration = try make(environment)
        #expect(configuration.reporters == [.coder])
        #expect(configuration.coder.url?.text == Self.url)
        #expect(configuration.warnings.isEmpty)
    }

    @Test(arguments: [["CODER_AGENT_URL": url], ["CODER_AGENT_TOKEN": "t"], ["CODER_AGENT_URL": "", "CODER_AGENT_TOKEN": "t"], ["CODER_AGENT_URL": url, "CODER_AGENT_TOKEN": ""]])
    func halfOfItDoesNot(environment: [String: String]) throws {
        #expect(try make(environment).reporters == [.file])
    }

    @Test func anotherDestinationThatWasAskedForWins() throws {
        let workspace = ["CODER_AGENT_URL": "not an address", "CODER_AGENT_TOKEN": "t"]
        #expect(try make(workspace, ["http-url": "https://h"]).reporters == [.http])
        #expect(try make(workspace, ["reporter": "file", "file-path": "/a"]).reporters == [.file])
        #expect(try make(workspace, ["reporter": "file"]).coder.token == nil)
    }

    @Test func whatIsWrongInTheEnvironmentIsNamed() {
        #expect {
            try make(["CODER_AGENT_URL": "coder.example.com", "CODER_AGENT_TOKEN": "t"])
        } throws: { "\($0)".contains("coder-url: \"coder.example.com\" does not begin with http:// or https://") && "\($0)".contains("CODER_AGENT_URL") }
        #expect {
            try make(["CODER_AGENT_URL": Self.url, "CODER_AGENT_TOKEN": "t"], ["file-path": "/a"])
        } throws: { "\($0)".contains("has no effect with --reporter coder, the default with CODER_AGENT_URL and a token in the environment") }
    }

    @Test func optionsWinOverTheWorkspacesVariables() throws {
        let configuration = try make(
            ["CODER_AGENT_URL": "https://other", "CODER_AGENT_TOKEN_FILE": "/other"], ["coder-url": Self.url, "coder-token-file": "/mine"])
        #expect(configuration.coder.url?.text == Self.url && configuration.coder.tokenFile == "/mine")
        #expect(configuration.source(of: "coder-url") == .commandLine)
    }

    @Test func theTokenIsShownNowhere() throws {
        let configuration = try make(["CODER_AGENT_URL": Self.url, "CODER_AGENT_TOKEN": "secret-token"])
        #expect(configuration.coder.token == "secret-token")
        #expect(!configuration.yaml.contains("secret-token"))
        #expect(configuration.yaml.contains("coder-url: https://coder.example.com"))
        #expect(configuration.yaml.contains("default, from the environment variable CODER_AGENT_URL"))
    }

    @Test func aTokenInPlainTextIsWarnedOf() throws {
        #expect(
            try make(["CODER_AGENT_URL": "http://coder.example.com", "CODER_AGENT_TOKEN": "t"]).warnings == [
                "coder-url: the agent token is sent to coder.example.com in plain text, because the address begins with http://"
            ])
        #expect(try make(["CODER_AGENT_URL": "http://127.0.0.1:3000", "CODER_AGENT_TOKEN": "t"]).warnings.isEmpty)
    }
}
