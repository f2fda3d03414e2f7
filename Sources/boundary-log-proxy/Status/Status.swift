import ArgumentParser
import BoundaryLogProxy
import Wire

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows how a running daemon is doing.",
        discussion: """
            Asks the status listener of the daemon, so the daemon must have been started with --status-listen. Where that is comes from the \
            command line, else from the environment or the file that the daemon was configured with.

            With --watch it is drawn anew each second, until Ctrl-C; a daemon that does not answer then is waited for.

            EXIT STATUS:
              0  the daemon answered; --watch: ended by Ctrl-C or SIGTERM
              1  it did not answer, or has no status listener; --watch without a terminal
              2  a command line that is not understood
            """)

    @OptionGroup var daemon: DaemonAddress

    @Flag(help: "Prints the daemon's answer as it came, as JSON.")
    var json = false

    @Flag(help: "Draws the screen anew each second. Needs a terminal.")
    var watch = false

    func validate() throws {
        if json, watch { throw ValidationError("--json and --watch cannot go together; /events?figures=1 of the status listener gives JSON each second") }
    }

    func run() throws {
        let (address, token) = try daemon.find()
        var style = StatusScreen.Style(isUTF8: Terminal.isUTF8(ProcessEnvironment.current))
        if watch {
            guard Terminal.isOutput else { throw StandardStream.fail("--watch needs a terminal; without one, ask again and again, or use --json") }
            return StatusWatch(address: address, token: token, style: style).run()
        }
        let body: [UInt8]
        do { body = try DaemonConnection.fetch("/status", from: address, token: token) } catch {
            throw StandardStream.fail("cannot get the status from \(address): \(error.text)")
        }
        if json { return StandardStream.output.write(String(decoding: body, as: UTF8.self) + (body.last == UInt8(ascii: "\n") ? "" : "\n")) }
        guard let status = JSONReader.read(body), case .object = status else {
            throw StandardStream.fail("what answers on \(address) is not a boundary-log-proxy: its status is not JSON")
        }
        if Terminal.isOutput { style.columns = Terminal.size?.columns }
        StandardStream.output.write(StatusScreen(status, style).text)
    }
}
