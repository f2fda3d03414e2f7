import ArgumentParser
import BoundaryLogProxy
import Glibc

@main
struct BoundaryLogProxyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boundary-log-proxy",
        abstract: "Takes audit logs from boundary's Unix socket and delivers them, every log accounted for.",
        discussion: """
            Without a subcommand it serves: it listens on the socket, keeps what it cannot deliver yet, and writes its own \
            messages to standard error. 'boundary-log-proxy serve --help' lists all options.

            EXAMPLES:
              boundary-log-proxy
                  Audit logs as JSON lines on standard output.
              boundary-log-proxy --http-url https://logs.example.com/in --http-format ndjson \\
                  --http-token-file /run/secrets/token --metrics-listen 127.0.0.1:9464
                  Audit logs to an HTTP server; metrics for Prometheus.
              CODER_AGENT_URL=https://coder.example.com CODER_AGENT_TOKEN_FILE=/run/token boundary-log-proxy
                  Audit logs to coderd, as in a workspace, where both variables are set.
              boundary-log-proxy check-config --config /etc/boundary-log-proxy.yaml
                  Whether a configuration is good, and what it amounts to.
              boundary-log-proxy doctor --config /etc/boundary-log-proxy.yaml
                  Whether a daemon with it could work here, and what to do.
              boundary-log-proxy reload
                  Has the running daemon read its configuration anew.
              boundary-log-proxy status --status-listen unix:/run/boundary-log-proxy/status.sock
                  How a running daemon is doing.
              boundary-log-proxy tap --denied --status-listen unix:/run/boundary-log-proxy/status.sock
                  The requests that are denied, as they come.
              boundary-log-proxy spool list
                  What waits on disk for its delivery.

            EXIT STATUS:
              0  all is well; serve: stopped, and nothing was lost
              1  could not start or could not do it; a bad configuration
              2  a command line that is not understood
              3  serve: stopped, and something was lost
            """,
        version: Version.text,
        subcommands: [
            Serve.self, CheckConfig.self, DoctorCommand.self, Reload.self, Status.self, Tap.self, SpoolCommand.self, VersionCommand.self,
        ],
        defaultSubcommand: Serve.self)

    /// ArgumentParser ends with 64 when it does not understand a command line; 2 is what shells and tools of this kind use.
    static func main() {
        // Swift's runtime reads the command line there, and takes it for empty where it cannot: a daemon without its options must not run.
        guard access("/proc/self/cmdline", R_OK) == 0 else {
            StandardStream.error.write("boundary-log-proxy: needs /proc, to read its command line: it is not mounted here\n")
            Glibc.exit(1)
        }
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            StandardStream.error.write(fullMessage(for: error) + "\n")
            Glibc.exit(2)
        }
    }
}
