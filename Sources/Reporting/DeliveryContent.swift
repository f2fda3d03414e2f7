import Pipeline
import Wire

/// A delivery in the two forms that leave the proxy.
enum DeliveryContent {
    /// Laid end to end, a serialised `ReportBoundaryLogsRequest` (the merge law). They lie in the ring, until the delivery is settled.
    static func protobufPieces(of delivery: Delivery) -> [UnsafeRawBufferPointer] {
        guard let logs = delivery.logs, let batch = delivery.batches.first else { return delivery.batches.map(\.request) }
        return RequestSlice.pieces(of: batch.request.bytes, logs: logs).map { UnsafeRawBufferPointer(rebasing: batch.request[$0]) }
    }

    static func appendLines(of delivery: Delivery, to output: inout [UInt8]) {
        for batch in delivery.batches {
            NDJSON.append(
                batch.request.bytes, sessionID: batch.sessionID, processName: batch.processName, logs: delivery.logs, to: &output)
        }
    }

    /// What the lines of `batch` take, without reading its logs: a method, URL and rule are in the request with their tags and lengths, so
    /// that this is somewhat more than the truth, but for those of their characters that need an escape. Session and process stand in
    /// every line: they are counted with their escapes.
    static func lineBytes(of batch: Batch) -> Int {
        let request = batch.request.bytes
        return batch.request.count + batch.logCount
            * (emptyLineBytes + NDJSON.stringBytes(request, batch.sessionID) + NDJSON.stringBytes(request, batch.processName))
    }

    /// Not stored: what whichever thread comes first makes, once, is a race to ThreadSanitizer, which does not see into Swift's runtime.
    private static var emptyLineBytes: Int {
        let start: StaticString = #"{"time":"2006-01-02T15:04:05.000000000Z","allowed":false,"method":null,"url":null,"matched_rule":null,"session_id":null,"#
        let end: StaticString = #""sequence_number":2147483647,"confined_process_name":null}"#
        return start.utf8CodeUnitCount + end.utf8CodeUnitCount + 1
    }
}
