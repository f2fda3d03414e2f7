import ArgumentParser
import Flood

/// What the clients send.
struct LoadOptions: ParsableArguments {
    @Option(name: .long, help: "Clients at once, one connection each.") var connections = 8
    @Option(name: .long, help: "Messages in all. (default: as many as make 1,000,000 logs)") var messages: Int?
    @Option(name: .long, help: ArgumentHelp("Send for this long instead, e.g. 30s.", valueName: "time")) var duration: Quantity.Time?
    @Option(name: .long, help: ArgumentHelp("Logs per second over all clients; 0 is full speed.", valueName: "logs/s")) var rate = 0
    @Option(name: .long, help: "Logs in a message.") var logsPerMessage = 10
    @Option(name: .long, help: ArgumentHelp("Tag of the frames: 1 (old clients), 2 (clients of today) or mixed.")) var tag = FloodConfiguration.Tags.message
    @Option(name: .long, help: "Writes per frame: 2 (header, then payload, as boundary does) or 1.") var writes = 2
    @Option(name: .long, help: ArgumentHelp("With --writes 1: lay so many frames into one write, as no boundary does, to send more than a kernel call for each allows.", valueName: "frames")) var framesPerWrite = 1
    @Option(name: .long, help: "Length of each URL; the default makes a message of 10 logs about 1224 bytes long.") var urlBytes = FloodConfiguration.urlBytesDefault
    @Option(name: .long, help: ArgumentHelp(
        "Share of malformed frames: invalid protobuf, unknown tags, lengths over the limit, frames cut off by the client's end.", valueName: "percent"))
    var bad = 0.0
    @Option(name: .long, help: ArgumentHelp(
        "Messages after which a client ends and a new one, with a new session, takes its place; 0 is never.", valueName: "messages"))
    var reconnectEvery = 0
    @Option(name: .long, help: ArgumentHelp("Messages after which a client reports one dropped log in a status message; 0 is never.", valueName: "messages"))
    var statusEvery = 0
    @Option(name: .long, help: "The same seed makes the same sessions, URLs and malformed frames.") var seed: UInt64 = 1

    func apply(to configuration: inout FloodConfiguration) {
        configuration.connections = connections
        configuration.messages = messages
        configuration.duration = duration?.value
        configuration.logsPerSecond = rate
        configuration.logsPerMessage = logsPerMessage
        configuration.tags = tag
        configuration.writesPerFrame = writes
        configuration.framesPerWrite = framesPerWrite
        configuration.urlBytes = urlBytes
        configuration.badPercent = bad
        configuration.reconnectEvery = reconnectEvery
        configuration.statusEvery = statusEvery
        configuration.seed = seed
    }
}

extension FloodConfiguration.Tags: ExpressibleByArgument {}
