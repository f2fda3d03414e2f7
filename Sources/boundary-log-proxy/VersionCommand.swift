import ArgumentParser
import BoundaryLogProxy

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Prints the versions of the daemon and of the libraries that it runs with.")

    func run() {
        StandardStream.output.write(Version.report)
    }
}
