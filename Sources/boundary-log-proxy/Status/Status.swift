import ArgumentParser
import BoundaryLogProxy
import Wire

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows how a running daemon is doing.",
        discussion: """
            Asks the metrics listener of the daemon, so the daemon must have been started with --metrics-listen. Where that is comes from the \
            command line, else from the environment or the file that the daemon was configured with.

            EXIT STATUS:
              0  the daemon answered
              1  it did not, or has no metrics listener
              2  a command line that is not understood
            """)

    @Option(
        help: ArgumentHelp(
            "The YAML file that the daemon was started with. (environment: \(ConfigurationBuilder.configurationFileVariable))", valueName: "PATH"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Option(table: "metrics-listen") var metricsListen: String?

    @Flag(help: "Prints the daemon's answer as it came, as JSON.")
    var json = false

    func run() throws {
        let configuration = try ConfigurationOptions.load(
            file: config, given: [("metrics-listen", metricsListen)].flattened, environment: ProcessEnvironment.current)
        guard let address = configuration.metricsListen else {
            throw fail("no metrics listener is known: give the --metrics-listen HOST:PORT that the daemon was started with")
        }
        let body: [UInt8]
        do { body = try HTTPGet.fetch("/status", from: address) } catch {
            throw fail("cannot get the status from \(address): \(error.text)")
        }
        if json { return StandardStream.output.write(String(decoding: body, as: UTF8.self) + (body.last == UInt8(ascii: "\n") ? "" : "\n")) }
        guard let status = JSONReader.read(body), case .object = status else {
            throw fail("what answers on \(address) is not a boundary-log-proxy: its status is not JSON")
        }
        StandardStream.output.write(StatusScreen(status).text)
    }

    private func fail(_ problem: String) -> ExitCode {
        StandardStream.error.write("boundary-log-proxy: \(Printable.text(problem, scalarsMax: 1000))\n")
        return ExitCode(1)
    }
}
