import ArgumentParser
import Flood
import Glibc

/// How the flood's own sink behaves.
struct SinkOptions: ParsableArguments {
    @Option(name: .long, help: "The daemon's reporter, and with it the sink: http, or coder (a stand-in for coderd).") var reporter = SinkConfiguration.Reporter.http
    @Option(name: .long, help: "Body of the requests: protobuf or ndjson.") var httpFormat = SinkConfiguration.Format.protobuf
    @Option(name: .long, help: "Compression of the requests: none, gzip or zstd.") var httpCompression = SinkConfiguration.Compression.none
    @Option(name: .long, help: ArgumentHelp("Answer 503 (coder: kill the sessions, and answer dials with 502) for this long, from the middle of the run on, e.g. 2s; `all`: for as long as the clients send.", valueName: "time|all")) var sinkOutage: Outage?
    @Option(name: .long, help: ArgumentHelp("Logs per second that the sink takes; 0 is no limit.", valueName: "logs/s")) var sinkRate = 0
    @Option(name: .customLong("sink-413-over"), help: ArgumentHelp("Answer 413 to bodies over this size, e.g. 64KiB.", valueName: "size")) var sink413Over: Quantity.Size?

    @Option(name: .long, help: ArgumentHelp("With --reporter coder: kill all sessions this often while the clients send, e.g. 500ms.", valueName: "time")) var sinkKillEvery: Quantity.Time?
    @Option(name: .long, help: ArgumentHelp("The stand-in for coderd. (default: $CODERD_STAND_IN, else coderd-stand-in beside this program)", valueName: "path")) var coderStandIn: String?

    struct Outage: ExpressibleByArgument {
        var outage: SinkOutage

        init?(argument: String) {
            if argument == "all" {
                outage = .whileSending
            } else if let time = Quantity.Time(argument: argument) {
                outage = .middle(time.value)
            } else {
                return nil
            }
        }
    }

    var isAsked: Bool {
        reporter != .http || sinkKillEvery != nil || coderStandIn != nil || httpFormat != .protobuf || httpCompression != .none || sinkOutage != nil || sinkRate != 0 || sink413Over != nil
    }

    func apply(to configuration: inout SinkConfiguration) {
        configuration.reporter = reporter
        configuration.killEvery = sinkKillEvery?.value
        configuration.coderStandIn = coderStandIn
        if reporter == .coder, coderStandIn == nil {
            configuration.coderStandIn = getenv("CODERD_STAND_IN").map { String(cString: $0) } ?? ExecutablePath.sibling("coderd-stand-in")
        }
        configuration.format = httpFormat
        configuration.compression = httpCompression
        configuration.outage = sinkOutage?.outage
        configuration.logsPerSecond = sinkRate
        configuration.bodyBytesMax = sink413Over?.value
    }
}

extension SinkConfiguration.Reporter: ExpressibleByArgument {}
extension SinkConfiguration.Format: ExpressibleByArgument {}
extension SinkConfiguration.Compression: ExpressibleByArgument {}
