import ArgumentParser
import BoundaryLogProxy
import Glibc

struct Reload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Has a running daemon read its configuration anew, and says what came of it.",
        discussion: """
            The daemon is the process that listens on the socket, or --pid. It gets a SIGHUP: it reads its configuration again, from the same file, environment \
            and command line as at its start, applies what can be changed while it runs (the options marked [reload]) without closing a connection or losing a \
            log, and tells this command what has changed and what waits for a restart. A mistake in the configuration changes nothing. Then it opens \
            --file-path anew and reads token files again.

            A socket that systemd has passed to the daemon is systemd's: use 'systemctl reload boundary-log-proxy', or --pid.

            EXIT STATUS:
              0  the configuration is in effect, but for what waits for a restart
              1  it is not: it has mistakes, or there is no daemon, or no answer came
              2  a command line that is not understood
            """)

    @Option(
        help: ArgumentHelp(
            "The YAML file that the daemon was started with, to find the socket. (environment: \(ConfigurationBuilder.configurationFileVariable))",
            valueName: "PATH"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Option(table: "socket") var socket: String?

    @Option(help: ArgumentHelp("The daemon's process, instead of looking for it by its socket.", valueName: "PID"))
    var pid: Int32?

    /// A daemon answers within milliseconds; this is for a machine that is busy.
    private static let timeout = Duration.seconds(10)

    func validate() throws {
        if let pid, pid <= 0 { throw ValidationError("--pid takes the number of a process") }
        if pid != nil, socket != nil || config != nil { throw ValidationError("--pid says which process; --socket and --config are of no use with it") }
    }

    func run() throws {
        let process: Int32
        do throws(DaemonProcess.Failure) {
            if let pid { process = pid } else { process = try DaemonProcess.listening(on: socketPath()) }
            try DaemonProcess.check(process)
        } catch {
            throw StandardStream.fail(error.text)
        }
        let listener: ReloadChannel.Listener
        do { listener = try ReloadChannel.Listener(process: process) } catch { throw StandardStream.fail("cannot wait for the daemon's answer: \(error.text)") }
        guard kill(process, SIGHUP) == 0 else { throw StandardStream.fail("cannot signal process \(process): \(String(cString: strerror(errno)))") }
        guard let answer = listener.wait(Self.timeout) else {
            throw StandardStream.fail("process \(process) has not answered within \(DurationText.format(Self.timeout)); its log says what came of it")
        }
        let stream = answer.isApplied ? StandardStream.output : .error
        for line in answer.lines { stream.write(answer.isApplied ? line + "\n" : "boundary-log-proxy: \(line)\n") }
        if !answer.isApplied { throw ExitCode(1) }
    }

    private func socketPath() throws(DaemonProcess.Failure) -> String {
        do {
            let configuration = try ConfigurationOptions.load(
                file: config, given: [("socket", socket)].flattened, environment: ProcessEnvironment.current)
            return configuration.socketPath ?? ""
        } catch {
            throw DaemonProcess.Failure(text: "which socket the daemon listens on is not known without a good configuration; give --socket or --pid")
        }
    }
}
