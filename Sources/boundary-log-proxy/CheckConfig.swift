import ArgumentParser
import BoundaryLogProxy

struct CheckConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Checks the configuration and prints what it amounts to, without starting anything.",
        discussion: """
            Takes the same options, environment and file as serve. Prints the effective configuration as a file that --config reads, each line with \
            where its value came from; secrets are masked. Errors and warnings go to standard error, all of them at once.

            EXIT STATUS:
              0  the configuration is good
              1  it is not
              2  a command line that is not understood
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.load(environment: ProcessEnvironment.current)
        for warning in configuration.warnings { StandardStream.error.write("boundary-log-proxy: warning: \(warning)\n") }
        StandardStream.output.write(configuration.yaml)
    }
}
