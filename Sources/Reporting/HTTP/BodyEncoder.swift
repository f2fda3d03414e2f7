import Pipeline
import Wire

/// Makes request bodies of deliveries. One serves all requests of a reporter: it works within a call.
final class BodyEncoder {
    private let content: HTTPReporterConfiguration.Content
    private let redaction: URLRedaction
    private let compressor: (any BodyCompressor)?
    /// What is on its way to the compressor.
    private var plain: [UInt8] = []

    init(_ configuration: HTTPReporterConfiguration) {
        content = configuration.content
        redaction = configuration.redaction
        compressor =
            switch configuration.compression {
            case .none: nil
            case .gzip: GzipCompressor()
            case .zstd: ZstdCompressor()
            }
    }

    /// Returns how many logs are in the body: the others were filtered out. Protobuf without compression is not copied: the body then points to the
    /// delivery's batches. `now`: the loop's clock and the world's, nanoseconds.
    func encode(_ delivery: Delivery, now: (loop: Instant, wall: UInt64), into body: inout RequestBody) -> Int {
        switch content {
        case .logs(.protobuf) where redaction.isEmpty:
            let pieces = DeliveryContent.protobufPieces(of: delivery)
            if let compressor { body.encode { compressor.compress(pieces, into: &$0) } } else { body.set(pieces: pieces) }
        case .logs(.protobuf): encode(&body) { DeliveryContent.appendProtobuf(of: delivery, redaction, to: &$0) }
        case .logs(.ndjson): encode(&body) { DeliveryContent.appendLines(of: delivery, redaction, to: &$0) }
        case .otlp(let encoder):
            var count = 0
            encode(&body) { count = DeliveryContent.appendOTLP(of: delivery, encoder, now: now, to: &$0) }
            return count
        }
        return delivery.logCount
    }

    private func encode(_ body: inout RequestBody, _ write: (inout [UInt8]) -> Void) {
        guard let compressor else {
            body.encode { buffer in
                buffer.removeAll(keepingCapacity: true)
                write(&buffer)
                return buffer.count
            }
            return
        }
        plain.removeAll(keepingCapacity: true)
        write(&plain)
        plain.withUnsafeBytes { plain in body.encode { compressor.compress([plain], into: &$0) } }
        if plain.capacity > RequestBody.keptBytesMax { plain = [] }
    }
}
