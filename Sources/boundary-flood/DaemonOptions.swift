import ArgumentParser

/// Which daemon is flooded, and how it is told to work.
struct DaemonOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The daemon to start. (default: boundary-log-proxy beside this program)", valueName: "path")) var daemon: String?
    @Option(name: .long, help: ArgumentHelp("Flood the daemon that serves this socket instead: no sink, no verdict on deliveries.", valueName: "path")) var socket: String?
    @Flag(name: .long, help: "Keep the directory with the daemon's messages, and print its path.") var keep = false

    @Option(name: .long, help: "The daemon's option of the same name: drop-newest, drop-oldest or block.") var overflow: String?
    @Option(name: .long, help: ArgumentHelp("The daemon's option of the same name, e.g. 16MiB.", valueName: "size")) var bufferBytes: String?
    @Option(name: .long, help: ArgumentHelp("The daemon's option of the same name, e.g. 100ms.", valueName: "time")) var flushInterval: String?
    @Option(name: .long, help: ArgumentHelp("The daemon's option of the same name.", valueName: "count")) var inFlightMax: String?
    @Option(name: .long, help: ArgumentHelp("The daemon's option of the same name, e.g. 10s.", valueName: "time")) var drainTimeout: String?

    @Argument(parsing: .postTerminator, help: ArgumentHelp("After --: further arguments for the daemon.", valueName: "daemon-argument")) var others: [String] = []

    var forwarded: [String] {
        var words: [String] = []
        for (name, value) in [
            ("--overflow", overflow), ("--buffer-bytes", bufferBytes), ("--flush-interval", flushInterval), ("--in-flight-max", inFlightMax),
            ("--drain-timeout", drainTimeout),
        ] {
            if let value { words += [name, value] }
        }
        return words + others
    }
}
