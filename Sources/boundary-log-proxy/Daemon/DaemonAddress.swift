import ArgumentParser
import BoundaryLogProxy

/// Where a running daemon's status listener is, as the daemon would find it itself, and the token that one on a port wants.
struct DaemonAddress: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The YAML file that the daemon was started with. (environment: \(ConfigurationBuilder.configurationFileVariable))", valueName: "PATH"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Option(table: "status-listen") var statusListen: String?

    @Option(
        help: ArgumentHelp(
            """
            The token of a status listener on a port: what follows #token= in the address that the daemon wrote to its log when it started. On the \
            command line every user of this machine can read it. (environment: \(ConfigurationBuilder.statusTokenVariable))
            """, valueName: "TOKEN"))
    var token: String?

    func find() throws -> (address: StatusAddress, token: String?) {
        let environment = ProcessEnvironment.current
        let configuration = try ConfigurationOptions.load(
            file: config, given: [("status-listen", statusListen)].flattened, environment: environment)
        guard let address = configuration.statusListen else {
            throw StandardStream.fail(
                """
                no status listener is known: start the daemon with --status-listen unix:PATH, and give the same here, on the command line, in the \
                environment (BOUNDARY_LOG_PROXY_STATUS_LISTEN) or in the file of --config
                """)
        }
        let token = token ?? environment[ConfigurationBuilder.statusTokenVariable].flatMap { $0.isEmpty ? nil : $0 }
        // It goes into a header, where it must not become more than that.
        if let token, !token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) { throw StandardStream.fail("the token has characters that no token has") }
        return (address, token)
    }
}
