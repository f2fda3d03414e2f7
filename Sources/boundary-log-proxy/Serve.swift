import ArgumentParser
import BoundaryLogProxy
import Glibc
import Logging

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Listens on the socket and delivers audit logs until told to stop (the default).",
        discussion: """
            Every option can also be given as an environment variable, or under its name in a YAML file (--config). The command line wins over \
            the environment, the environment over the file. Durations are written like 250ms, 1.5s, 2m, sizes like 16MiB, 512KiB, 1GB.

            SIGTERM and SIGINT: accepts no more clients, reads what they have sent already, delivers what waits within --drain-timeout, and prints \
            the ledger. A second signal cuts that short. SIGHUP: reads the configuration anew and applies what can be changed while it runs, the \
            options marked [reload]; opens --file-path anew, reads token files again, and dials coderd if there is no session. What came of it is \
            in the log, and 'boundary-log-proxy reload' shows it.

            Under systemd it speaks sd_notify (Type=notify, WatchdogSec=), takes a socket that was passed (a .socket unit), and token files from \
            LoadCredential=coder-token: or http-token:.

            EXIT STATUS:
              0  stopped, and nothing was lost
              1  could not start, or a bad configuration
              2  a command line that is not understood
              3  stopped, and something was lost; the numbers are in the last messages
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let environment = ProcessEnvironment.current
        let configuration = try options.load(environment: environment)
        let settings = LogSettings(level: configuration.logLevel, format: configuration.logFormat, environment: environment)
        let handler = StandardErrorLogHandler(settings, isColoured: StandardErrorLogHandler.wantsColour(environment: environment))
        // Not LoggingSystem.bootstrap: a logger that is handed on needs nothing process-wide.
        let logger = Logger(label: "boundary-log-proxy") { _ in handler }
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let status = Daemon.run(
            configuration: configuration, logger: logger,
            surroundings: .init(environment: environment, logSettings: settings) { () throws(ConfigurationErrors) in
                try options.reread(environment: environment)
            })
        if status != 0 { throw ExitCode(status) }
    }
}
