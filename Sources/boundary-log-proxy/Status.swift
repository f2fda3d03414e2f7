import ArgumentParser
import BoundaryLogProxy

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows how a running daemon is doing.")
    func run() throws {}
}
