import ArgumentParser
import BoundaryLogProxy
import Glibc

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks at all that a daemon with this configuration needs, and says what to do.",
        discussion: """
            Takes the same options, environment and file as serve; best run as the daemon's user, in its environment. Looks at the configuration and the \
            files that it names, the socket, the spool, the limits of the process, the way to the destination and what it answers, the clock. One line for each: ok, warn \
            or fail, and what to do. Sends no log and changes nothing, so that a daemon may run meanwhile; takes less than 20 seconds.

            EXIT STATUS:
              0  nothing fails
              1  something does
              2  a command line that is not understood
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(help: ArgumentHelp("Says whether this user could connect to the socket; a name or a number.", valueName: "USER"))
    var user: String?

    @Flag(help: "Prints the findings as JSON.")
    var json = false

    func run() throws {
        let environment = ProcessEnvironment.current
        let findings: [Doctor.Finding]
        do throws(ConfigurationErrors) {
            let configuration = try ConfigurationOptions.build(file: options.config, given: options.given, environment: environment)
            findings = Doctor.examine(configuration, environment: environment, user: user)
        } catch {
            // Without a whole configuration there is nothing else to look at.
            findings = error.errors.map { Doctor.Finding("configuration", .fail, "\($0)", advice: "put that option right") }
        }
        let isColoured = StandardErrorLogHandler.wantsColour(environment: environment, fileDescriptor: STDOUT_FILENO)
        StandardStream.output.write(json ? DoctorReport.json(findings) : DoctorReport.text(findings, isColoured: isColoured))
        if findings.contains(where: { $0.verdict == .fail }) { throw ExitCode(1) }
    }
}
