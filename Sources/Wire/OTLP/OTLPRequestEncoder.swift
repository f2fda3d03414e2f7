/// Writes `ExportLogsServiceRequest`s (https://opentelemetry.io/docs/specs/otlp/): one resource, one scope, and a record for each audit log, straight
/// from the bytes that the client sent. A value without state: what is the same in every request is made once.
public struct OTLPRequestEncoder: Sendable, Equatable {
    public enum Format: String, Sendable, CaseIterable {
        case protobuf = "http/protobuf"
        case json = "http/json"
    }

    /// Which logs are sent.
    public enum Filter: String, Sendable, CaseIterable { case all, denied }

    public let format: Format
    public let filter: Filter
    public let redaction: URLRedaction
    /// What stands before the records, and after them.
    private let head: [UInt8]
    private let tail: [UInt8]
    /// Where in the head the lengths of `ResourceLogs` and `ScopeLogs` stand, which are put in at the end; nil in JSON.
    private let resourceLogsLength: Int?
    private let scopeLogsLength: Int?

    /// `resource`: its attributes, in this order. `version`: of the instrumentation scope, which is called boundary-log-proxy.
    public init(format: Format, filter: Filter = .all, redaction: URLRedaction = [], resource: [(key: String, value: String)], version: String) {
        self.format = format
        self.filter = filter
        self.redaction = redaction
        switch format {
        case .protobuf:
            var output = [UInt8]()
            resourceLogsLength = ProtobufText.beginMessage(1, &output)
            ProtobufText.message(1, ProtobufText.attributes(1, resource), to: &output)
            scopeLogsLength = ProtobufText.beginMessage(2, &output)
            var scope: [UInt8] = []
            ProtobufText.message(1, Array(Self.scopeName.utf8), to: &scope)
            ProtobufText.message(2, Array(version.utf8), to: &scope)
            ProtobufText.message(1, scope, to: &output)
            head = output
            tail = []
        case .json:
            let attributes = resource.map { #"{"key":"# + Self.quoted($0.key) + #","value":{"stringValue":"# + Self.quoted($0.value) + "}}" }
            let scope = #"{"name":"# + Self.quoted(Self.scopeName) + #","version":"# + Self.quoted(version) + "}"
            head = Array(
                (#"{"resourceLogs":[{"resource":{"attributes":["# + attributes.joined(separator: ",") + #"]},"scopeLogs":[{"scope":"# + scope
                    + #","logRecords":["#).utf8)
            tail = Array("]}]}]}".utf8)
            (resourceLogsLength, scopeLogsLength) = (nil, nil)
        }
    }

    private static var scopeName: String { "boundary-log-proxy" }

    /// About the bytes that the records of `logCount` logs take, without reading these: a URL is there three times (in the body, whole, and as domain and
    /// path), session and process stand in each. Too little by a tenth at most, but for JSON that needs escapes.
    public func byteCountEstimate(requestBytes: Int, logCount: Int, sessionAndProcessBytes: Int) -> Int {
        let redactionBytes = redaction.isEmpty ? 0 : 2 * RedactedURL.bytesMoreMax
        return 3 * requestBytes + logCount * (sessionAndProcessBytes + redactionBytes + (format == .protobuf ? 250 : 800))
    }

    /// Begins a request, at the end of `output`.
    public func begin(_ output: inout [UInt8]) { output += head }

    /// Appends the records of the valid inner `request`; only logs number `logs` of it when given.
    /// - Parameter isFirst: no record was appended to the request before.
    /// - Parameter observed: when the batch arrived, nanoseconds since 1970.
    /// - Returns: how many records that were; the other logs were filtered out.
    public func append(
        _ request: RawSpan, sessionID: Range<Int>, processName: Range<Int>, logs: Range<Int>?, observed: UInt64, isFirst: Bool, to output: inout [UInt8]
    ) -> Int {
        var batch = OTLPBatch(sessionID: sessionID, processName: processName, observedTimeUnixNano: observed, logs: logs, filter, redaction)
        switch format {
        case .protobuf: OTLPProtobuf.append(&batch, request, to: &output)
        case .json: OTLPJSON.append(&batch, request, isFirst: isFirst, to: &output)
        }
        return batch.recordCount
    }

    /// Ends the request that began at `start` of `output`.
    public func end(_ output: inout [UInt8], start: Int) {
        output += tail
        if let resourceLogsLength { output.setLength(at: start + resourceLogsLength) }
        if let scopeLogsLength { output.setLength(at: start + scopeLogsLength) }
    }

    private static func quoted(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let span = unsafe bytes.span.bytes
        var output: [UInt8] = []
        let byteCount = JSONString.byteCount(span, 0..<bytes.count)
        output.append(byteCountMax: byteCount) { JSONString.append(span, 0..<bytes.count, byteCount: byteCount, to: &$0) }
        return String(decoding: output, as: UTF8.self)
    }
}

/// Protobuf that is made once, or once a request.
private enum ProtobufText {
    /// Returns where the message's length is to be put in.
    static func beginMessage(_ field: UInt8, _ output: inout [UInt8]) -> Int {
        output.append(field << 3 | 2)
        return output.appendRoomForLength()
    }

    static func message(_ field: UInt8, _ bytes: [UInt8], to output: inout [UInt8]) {
        output.append(field << 3 | 2)
        output.append(varint: UInt64(bytes.count))
        output += bytes
    }

    static func attributes(_ field: UInt8, _ attributes: [(key: String, value: String)]) -> [UInt8] {
        var output: [UInt8] = []
        for attribute in attributes {
            var (value, pair) = ([UInt8](), [UInt8]())
            message(1, Array(attribute.value.utf8), to: &value)
            message(1, Array(attribute.key.utf8), to: &pair)
            message(2, value, to: &pair)
            message(field, pair, to: &output)
        }
        return output
    }
}
