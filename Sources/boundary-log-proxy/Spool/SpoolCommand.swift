import ArgumentParser
import BoundaryLogProxy
import Spool

struct SpoolCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spool",
        abstract: "Looks at the logs that wait on disk, writes them out, or throws them away.",
        discussion: """
            Works while the daemon runs and while it does not. Where the spool is comes from the command line, else from the environment or the file \
            that the daemon was configured with.

            EXIT STATUS:
              0  done, or there is no spool
              1  it could not be done
              2  a command line that is not understood
            """,
        subcommands: [SpoolList.self, SpoolExport.self, SpoolPurge.self])
}

extension ReporterKind: ExpressibleByArgument {}

/// Where the spool is, as the daemon would find it.
struct SpoolLocation: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The YAML file that the daemon was started with. (environment: \(ConfigurationBuilder.configurationFileVariable))", valueName: "PATH"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Option(table: "spool-dir") var spoolDir: String?

    @Option(
        help: ArgumentHelp(
            "Of several destinations (--reporter coder,otlp), the one whose spool it is; without it the first's, which lies in the directory itself.",
            valueName: "NAME"),
        completion: .list(ReporterKind.allCases.map(\.rawValue)))
    var destination: ReporterKind?

    func directory() throws -> String {
        // A spool of earlier days may be looked at also where the daemon has none any more.
        let given = [("durability", "spill"), ("spool-dir", spoolDir)].flattened
        let configuration = try ConfigurationOptions.load(file: config, given: given, environment: ProcessEnvironment.current)
        guard let destination else { return configuration.spoolDirectory }
        // Where only the daemon's command line names the destinations, it is not known here which is the first.
        let below = Configuration.spoolDirectory(below: configuration.spoolDirectory, of: destination)
        if configuration.source(of: "reporter") == .default, SpoolExamination(below).bytes > 0 { return below }
        return configuration.spoolDirectory(of: destination)
    }

    /// Runs `body` with the spool; says so when there is none.
    func withSpool(_ body: (SpoolInspector, _ directory: String) throws -> Void) throws {
        let directory = try directory()
        do {
            let spool = try SpoolInspector(directory: directory)
            defer { spool.close() }
            try body(spool, directory)
        } catch SpoolInspector.Failure.nothingThere {
            StandardStream.error.write("boundary-log-proxy: there is no spool in \(Printable.text(directory))\n")
        } catch SpoolInspector.Failure.unusable(let text) {
            throw StandardStream.fail(text)
        }
    }
}
