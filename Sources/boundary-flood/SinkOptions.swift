import ArgumentParser
import Flood

/// How the flood's own HTTP sink behaves.
struct SinkOptions: ParsableArguments {
    @Option(name: .long, help: "Body of the requests: protobuf or ndjson.") var httpFormat = SinkConfiguration.Format.protobuf
    @Option(name: .long, help: "Compression of the requests: none, gzip or zstd.") var httpCompression = SinkConfiguration.Compression.none
    @Option(name: .long, help: ArgumentHelp("Answer 503 for this long, from the middle of the run on, e.g. 2s.", valueName: "time")) var sinkOutage: Quantity.Time?
    @Option(name: .long, help: ArgumentHelp("Logs per second that the sink takes; 0 is no limit.", valueName: "logs/s")) var sinkRate = 0
    @Option(name: .customLong("sink-413-over"), help: ArgumentHelp("Answer 413 to bodies over this size, e.g. 64KiB.", valueName: "size")) var sink413Over: Quantity.Size?

    var isAsked: Bool {
        httpFormat != .protobuf || httpCompression != .none || sinkOutage != nil || sinkRate != 0 || sink413Over != nil
    }

    func apply(to configuration: inout SinkConfiguration) {
        configuration.format = httpFormat
        configuration.compression = httpCompression
        configuration.outage = sinkOutage?.value
        configuration.logsPerSecond = sinkRate
        configuration.bodyBytesMax = sink413Over?.value
    }
}

extension SinkConfiguration.Format: ExpressibleByArgument {}
extension SinkConfiguration.Compression: ExpressibleByArgument {}
