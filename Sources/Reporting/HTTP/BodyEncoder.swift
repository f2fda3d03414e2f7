import Pipeline

/// Makes request bodies of deliveries. One serves all requests of a reporter: it works within a call.
final class BodyEncoder {
    private let format: HTTPReporterConfiguration.Format
    private let compressor: (any BodyCompressor)?
    /// JSON lines on their way to the compressor.
    private var lines: [UInt8] = []

    init(format: HTTPReporterConfiguration.Format, compression: HTTPReporterConfiguration.Compression) {
        self.format = format
        compressor =
            switch compression {
            case .none: nil
            case .gzip: GzipCompressor()
            case .zstd: ZstdCompressor()
            }
    }

    /// Protobuf without compression is not copied: the body then points to the delivery's batches.
    func encode(_ delivery: Delivery, into body: inout RequestBody) {
        switch format {
        case .protobuf:
            let pieces = DeliveryContent.protobufPieces(of: delivery)
            guard let compressor else { return body.set(pieces: pieces) }
            body.encode { compressor.compress(pieces, into: &$0) }
        case .ndjson:
            guard let compressor else {
                body.encode { buffer in
                    buffer.removeAll(keepingCapacity: true)
                    DeliveryContent.appendLines(of: delivery, to: &buffer)
                    return buffer.count
                }
                return
            }
            lines.removeAll(keepingCapacity: true)
            DeliveryContent.appendLines(of: delivery, to: &lines)
            lines.withUnsafeBytes { lines in body.encode { compressor.compress([lines], into: &$0) } }
            if lines.capacity > RequestBody.keptBytesMax { lines = [] }
        }
    }
}
