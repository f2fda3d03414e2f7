import ArgumentParser
import BoundaryLogProxy
import Wire

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows how a running daemon is doing.",
        discussion: """
            Asks the status listener of the daemon, so the daemon must have been started with --status-listen. Where that is comes from the \
            command line, else from the environment or the file that the daemon was configured with.

            EXIT STATUS:
              0  the daemon answered
              1  it did not, or has no status listener
              2  a command line that is not understood
            """)

    @OptionGroup var daemon: DaemonAddress

    @Flag(help: "Prints the daemon's answer as it came, as JSON.")
    var json = false

    func run() throws {
        let (address, token) = try daemon.find()
        let body: [UInt8]
        do { body = try DaemonConnection.fetch("/status", from: address, token: token) } catch {
            throw DaemonAddress.fail("cannot get the status from \(address): \(error.text)")
        }
        if json { return StandardStream.output.write(String(decoding: body, as: UTF8.self) + (body.last == UInt8(ascii: "\n") ? "" : "\n")) }
        guard let status = JSONReader.read(body), case .object = status else {
            throw DaemonAddress.fail("what answers on \(address) is not a boundary-log-proxy: its status is not JSON")
        }
        StandardStream.output.write(StatusScreen(status).text)
    }
}
