import ArgumentParser
import BoundaryLogProxy
import Glibc
import Wire

struct Tap: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows audit logs live, as they come in.",
        discussion: """
            A line for each log: time of day (UTC), ALLOW or DENY, method, URL, rule, process with its number, and how the session's id begins. It never \
            slows the daemon: what comes too fast to be shown is skipped, and it says how much. In colour on a terminal, unless NO_COLOR is set.

            Asks the status listener of the daemon, so the daemon must have been started with --status-listen. Where that is comes from the \
            command line, else from the environment or the file that the daemon was configured with.

            EXIT STATUS:
              0  ended by Ctrl-C or SIGTERM, or because nobody reads the output any more
              1  the daemon could not be reached, or went away
              2  a command line that is not understood
            """)

    @OptionGroup var daemon: DaemonAddress

    @Flag(help: "Only requests that were denied.")
    var denied = false

    @Option(help: ArgumentHelp("Only the session with this id, or the sessions whose ids begin so.", valueName: "ID"))
    var session: String?

    @Flag(help: "One JSON object a line, as the file reporter writes logs, with the client's process as pid; {\"skipped\":N} for those that were skipped.")
    var json = false

    func run() throws {
        let (address, token) = try daemon.find()
        var path = "/events?logs=1" + (denied ? "&denied=1" : "")
        if let session { path += "&session=" + Self.percentEncoded(session) }
        Interruption.watch()
        do {
            let connection = try DaemonConnection(address, get: path, token: token)
            if Terminal.isOutput { StandardStream.error.write("boundary-log-proxy: following \(address); Ctrl-C ends\n") }
            try follow(connection)
        } catch let failure as DaemonConnection.Failure {
            if Interruption.isRequested { return }
            throw StandardStream.fail("cannot follow \(address): \(failure.text)")
        }
    }

    private func follow(_ connection: DaemonConnection) throws {
        let line = TapLine(isColoured: Terminal.wantsColour(ProcessEnvironment.current))
        var events = ServerSentEvents()
        while !Interruption.isRequested {
            switch try connection.read(within: .seconds(1), watching: StandardStream.output) {
            case .bytes(let bytes):
                guard let complete = events.take(bytes) else {
                    throw StandardStream.fail("what answers there is not a boundary-log-proxy: its events are too long")
                }
                let text = complete.reduce(into: [UInt8]()) { $0 += render($1, line) }
                if !text.isEmpty, StandardStream.output.write(text) != 0 { return }
            case .nothing:
                break
            case .outputClosed:
                return
            case .end:
                throw StandardStream.fail("the daemon went away: it has stopped, or cut this reader off")
            }
        }
    }

    private func render(_ event: ServerSentEvents.Event, _ line: TapLine) -> [UInt8] {
        switch event.name {
        case "log" where json: return TapLine.safeJSON(event.data) + [UInt8(ascii: "\n")]
        case "log": return JSONReader.read(event.data).map { Array(line.text($0).utf8) } ?? []
        case "skipped":
            guard let logs = JSONReader.read(event.data)?["logs"].integer else { return [] }
            return Array((json ? "{\"skipped\":\(logs)}\n" : line.skipped(logs)).utf8)
        default: return []
        }
    }

    /// Fit for a query (RFC 3986).
    static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }.joined()
    }
}
