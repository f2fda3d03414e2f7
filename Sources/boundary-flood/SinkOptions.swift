import ArgumentParser
import Flood
import Glibc

/// How the flood's own sink behaves.
struct SinkOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The daemon's reporter, and with it the sink: http, coder (a stand-in for coderd) or otlp; or several, e.g. coder,otlp, each with a sink and a verdict of its own.", valueName: "reporter")) var reporter = Reporters(all: [.http])
    @Option(name: .long, help: "Body of the requests: protobuf or ndjson.") var httpFormat = SinkConfiguration.Format.protobuf
    @Option(name: .long, help: "Compression of the requests: none, gzip or zstd.") var httpCompression = SinkConfiguration.Compression.none
    @Option(name: .long, help: ArgumentHelp("Answer 503 (coder: kill the sessions, and answer dials with 502) for this long, from the middle of the run on, e.g. 2s; `all`: for as long as the clients send.", valueName: "time|all")) var sinkOutage: Outage?
    @Option(name: .long, help: ArgumentHelp("With several reporters: whose sink has the outage.", valueName: "reporter")) var outageOf: SinkConfiguration.Reporter?
    @Option(name: .long, help: ArgumentHelp("Logs per second that the sink takes; 0 is no limit.", valueName: "logs/s")) var sinkRate = 0
    @Option(name: .customLong("sink-413-over"), help: ArgumentHelp("Answer 413 to bodies over this size, e.g. 64KiB.", valueName: "size")) var sink413Over: Quantity.Size?

    @Option(name: .long, help: ArgumentHelp("With --reporter coder: kill all sessions this often while the clients send, e.g. 500ms.", valueName: "time")) var sinkKillEvery: Quantity.Time?
    @Option(name: .long, help: ArgumentHelp("The stand-in for coderd. (default: $CODERD_STAND_IN, else coderd-stand-in beside this program)", valueName: "path")) var coderStandIn: String?

    @Option(name: .long, help: "With --reporter otlp: form of the requests, http/protobuf or http/json.") var otlpProtocol = SinkConfiguration.OTLPProtocol.protobuf
    @Option(name: .long, help: "With --reporter otlp: compression of the requests, none or gzip.") var otlpCompression = SinkConfiguration.Compression.none
    @Option(name: .long, help: ArgumentHelp("With --reporter otlp: what reads the requests, with OpenTelemetry's own definitions. (default: $OTLP_DECODER, else otlp-decoder beside this program)", valueName: "path")) var otlpDecoder: String?

    struct Reporters: ExpressibleByArgument {
        var all: [SinkConfiguration.Reporter]

        init(all: [SinkConfiguration.Reporter]) { self.all = all }

        init?(argument: String) {
            all = []
            for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
                guard let reporter = SinkConfiguration.Reporter(rawValue: String(name)) else { return nil }
                all.append(reporter)
            }
        }

        var defaultValueDescription: String { all.map(\.rawValue).joined(separator: ",") }
    }

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
        reporter.all != [.http] || outageOf != nil || otlpProtocol != .protobuf || otlpCompression != .none || otlpDecoder != nil || sinkKillEvery != nil || coderStandIn != nil || httpFormat != .protobuf || httpCompression != .none || sinkOutage != nil || sinkRate != 0 || sink413Over != nil
    }

    func apply(to configuration: inout SinkConfiguration) {
        configuration.reporters = reporter.all
        configuration.outageOf = outageOf
        configuration.otlpProtocol = otlpProtocol
        configuration.otlpCompression = otlpCompression
        configuration.otlpDecoder = otlpDecoder ?? (reporter.all.contains(.otlp) ? Self.program("OTLP_DECODER", sibling: "otlp-decoder") : nil)
        configuration.killEvery = sinkKillEvery?.value
        configuration.coderStandIn = coderStandIn ?? (reporter.all.contains(.coder) ? Self.program("CODERD_STAND_IN", sibling: "coderd-stand-in") : nil)
        configuration.format = httpFormat
        configuration.compression = httpCompression
        configuration.outage = sinkOutage?.outage
        configuration.logsPerSecond = sinkRate
        configuration.bodyBytesMax = sink413Over?.value
    }

    /// Where a program lies that works with the flood.
    private static func program(_ variable: String, sibling name: String) -> String {
        getenv(variable).map { String(cString: $0) } ?? ExecutablePath.sibling(name)
    }
}

extension SinkConfiguration.OTLPProtocol: ExpressibleByArgument {}
extension SinkConfiguration.Reporter: ExpressibleByArgument {}
extension SinkConfiguration.Format: ExpressibleByArgument {}
extension SinkConfiguration.Compression: ExpressibleByArgument {}
