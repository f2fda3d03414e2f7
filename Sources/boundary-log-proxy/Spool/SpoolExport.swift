import ArgumentParser
import BoundaryLogProxy
import Glibc

struct SpoolExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes the spool's logs to standard output as JSON lines, as --reporter file does.",
        discussion: "Nothing is removed: what is exported is also delivered, unless it is purged.")

    @OptionGroup var location: SpoolLocation

    func run() throws {
        try location.withSpool { spool, directory in
            var code: Int32 = 0
            let damaged = try spool.export { lines in
                code = StandardStream.output.write(lines)
                return code == 0
            }
            if code != 0 { throw StandardStream.fail("cannot write to standard output: \(String(cString: strerror(code)))") }
            if damaged > 0 {
                throw StandardStream.fail("\(damaged) of the rows in \(directory) are damaged and were left out; the daemon repairs the spool when it meets them")
            }
        }
    }
}
