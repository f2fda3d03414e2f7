import ArgumentParser
import BoundaryLogProxy
import Glibc
import Spool

struct SpoolPurge: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge", abstract: "Throws away the logs in the spool.",
        discussion: """
            They are lost. A daemon that runs keeps those that are on their way, and counts the others as dropped ('purged'). Asks first; without a \
            terminal to ask on, it needs --yes.
            """)

    @OptionGroup var location: SpoolLocation

    @Flag(help: "Does not ask.")
    var yes = false

    func run() throws {
        try location.withSpool { spool, directory in
            if !yes {
                guard isatty(STDIN_FILENO) == 1 else { throw StandardStream.fail("purge asks before it throws logs away, and there is no terminal: give --yes") }
                let logs = try spool.list().reduce(0) { $0 + Int($1.tally.logs) }
                StandardStream.error.write("Throw away \(StatusScreen.grouped(logs)) logs in \(Printable.text(directory))? [y/N] ")
                guard ["y", "yes"].contains(readLine()?.lowercased()) else { throw StandardStream.fail("nothing was thrown away") }
            }
            let purge = try spool.purge()
            var text = "\(StatusScreen.grouped(Int(purge.removed.logs))) logs thrown away"
            if purge.kept.logs > 0 { text += "; \(StatusScreen.grouped(Int(purge.kept.logs))) stay, the running daemon is delivering them" }
            StandardStream.output.write(text + "\n")
        }
    }
}
