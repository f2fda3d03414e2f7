import Pipeline
import Wire

/// A delivery in the two forms that leave the proxy.
enum DeliveryContent {
    /// Laid end to end, a serialised `ReportBoundaryLogsRequest` (the merge law). They lie in the ring, until the delivery is settled.
    static func protobufPieces(of delivery: Delivery) -> [UnsafeRawBufferPointer] {
        guard let logs = delivery.logs, let batch = delivery.batches.first else { return delivery.batches.map(\.request) }
        return RequestSlice.pieces(of: batch.request.bytes, logs: logs).map { UnsafeRawBufferPointer(rebasing: batch.request[$0]) }
    }

    /// The same with URLs as they may leave: written anew.
    static func appendProtobuf(of delivery: Delivery, _ redaction: URLRedaction, to output: inout [UInt8]) {
        for batch in delivery.batches { RequestRedaction.append(batch.request.bytes, logs: delivery.logs, redaction, to: &output) }
    }

    /// Bytes that a URL can gain when something is taken out of it, and its log and request by longer lengths.
    static var redactionBytesMax: Int { 40 }

    static func appendLines(of delivery: Delivery, _ redaction: URLRedaction, to output: inout [UInt8]) {
        for batch in delivery.batches {
            NDJSON.append(
                batch.request.bytes, sessionID: batch.sessionID, processName: batch.processName, logs: delivery.logs, redaction: redaction,
                to: &output)
        }
    }

    /// One `ExportLogsServiceRequest`: how many records are in it.
    static func appendOTLP(
        of delivery: Delivery, _ encoder: OTLPRequestEncoder, now: (loop: Instant, wall: UInt64), to output: inout [UInt8]
    ) -> Int {
        let start = output.count
        encoder.begin(&output)
        var count = 0
        for batch in delivery.batches {
            let age = now.loop.nanoseconds - min(now.loop.nanoseconds, batch.arrived.nanoseconds)
            count += encoder.append(
                batch.request.bytes, sessionID: batch.sessionID, processName: batch.processName, logs: delivery.logs,
                observed: now.wall - min(now.wall, age), isFirst: count == 0, to: &output)
        }
        encoder.end(&output, start: start)
        return count
    }

    /// What `batch` takes in a request's body, without reading its logs.
    static func bodyBytes(of batch: Batch, _ configuration: HTTPReporterConfiguration) -> Int {
        switch configuration.content {
        case .logs(.protobuf): batch.request.count + (configuration.redaction.isEmpty ? 0 : batch.logCount * redactionBytesMax)
        case .logs(.ndjson): lineBytes(of: batch, configuration.redaction)
        case .otlp(let encoder):
            encoder.byteCountEstimate(
                requestBytes: batch.request.count, logCount: batch.logCount,
                sessionAndProcessBytes: batch.sessionID.count + batch.processName.count)
        }
    }

    /// What the lines of `batch` take, without reading its logs: a method, URL and rule are in the request with their tags and lengths, so
    /// that this is somewhat more than the truth, but for those of their characters that need an escape. Session and process stand in
    /// every line: they are counted with their escapes.
    static func lineBytes(of batch: Batch, _ redaction: URLRedaction) -> Int {
        let request = batch.request.bytes
        return batch.request.count + batch.logCount
            * (emptyLineBytes + (redaction.isEmpty ? 0 : redactionBytesMax) + NDJSON.stringBytes(request, batch.sessionID) + NDJSON.stringBytes(request, batch.processName))
    }

    /// Not stored: what whichever thread comes first makes, once, is a race to ThreadSanitizer, which does not see into Swift's runtime.
    private static var emptyLineBytes: Int {
        let start: StaticString = #"{"time":"2006-01-02T15:04:05.000000000Z","allowed":false,"method":null,"url":null,"matched_rule":null,"session_id":null,"#
        let end: StaticString = #""sequence_number":2147483647,"confined_process_name":null}"#
        return start.utf8CodeUnitCount + end.utf8CodeUnitCount + 1
    }
}
