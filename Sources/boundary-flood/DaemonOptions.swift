import ArgumentParser
import Flood

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

    @Option(name: .long, help: "The daemon's option of the same name: memory, spill or sync. Its spool is in a directory of the flood's own.") var durability: DurabilityConfiguration.Mode?
    @Option(name: .long, help: ArgumentHelp("The daemon's option of the same name, e.g. 1s.", valueName: "time")) var spoolAfter: Quantity.Time?
    @Option(name: .long, help: ArgumentHelp("The daemon's option of the same name, e.g. 256MiB.", valueName: "size")) var spoolBytesMax: Quantity.Size?

    @Option(name: .long, help: ArgumentHelp(
        "Kill the daemon with SIGKILL at random moments, this far apart on average, and start it anew at once; what is lost and repeated is held against what --durability promises.",
        valueName: "time"))
    var crashEvery: Quantity.Time?
    @Option(name: .long, help: ArgumentHelp("With --crash-every: the clients stop after so many kills.", valueName: "count")) var crashes: Int?

    @Argument(parsing: .postTerminator, help: ArgumentHelp("After --: further arguments for the daemon.", valueName: "daemon-argument")) var others: [String] = []

    /// Whether something is asked that only a daemon of the flood's own can be told.
    var isAsked: Bool { !forwarded.isEmpty || durability != nil || spoolAfter != nil || spoolBytesMax != nil || crashEvery != nil || crashes != nil }

    /// What contradicts itself, in words for the user.
    var problem: String? {
        if crashes != nil, crashEvery == nil { return "--crashes needs --crash-every" }
        for name in ["--durability", "--spool-dir", "--spool-after", "--socket"] where others.contains(where: { $0 == name || $0.hasPrefix(name + "=") }) {
            return "\(name) after -- would mislead the verdict: the flood sets it itself"
        }
        return nil
    }

    func apply(to configuration: inout FloodConfiguration) {
        configuration.durability.mode = durability
        configuration.durability.spoolAfter = spoolAfter?.value
        configuration.durability.spoolBytesMax = spoolBytesMax?.value
        configuration.crashes = crashEvery.map { CrashConfiguration(every: $0.value, count: crashes) }
    }

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

extension DurabilityConfiguration.Mode: ExpressibleByArgument {}
