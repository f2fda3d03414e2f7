/// Log records as JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): 64-bit integers are strings.
enum OTLPJSON {
    /// What a record has besides its strings, at most.
    private static var otherBytesMax: Int { 1024 }

    /// Appends the records of `batch`, which is of `request`, with commas between them, and before the first unless `isFirst`.
    static func append(_ batch: inout OTLPBatch, _ request: RawSpan, isFirst: Bool, to output: inout [UInt8]) {
        var record = OTLPRecord()
        while batch.next(in: request, into: &record) {
            if !isFirst || batch.recordCount > 1 { output.append(UInt8(ascii: ",")) }
            append(record, batch, request, to: &output)
        }
    }

    @inline(__always)
    private static func append(_ record: OTLPRecord, _ batch: OTLPBatch, _ request: RawSpan, to output: inout [UInt8]) {
        let url = JSONURL(request, record.redacted ?? RedactedURL(record.log.url))
        let (method, domain, path) = (Text(request, record.log.method), Text(request, record.parts.host), Text(request, record.parts.path))
        let (rule, session, process) = (Text(request, record.log.matchedRule), Text(request, batch.sessionID), Text(request, batch.processName))
        let strings = 2 &* url.byteCount &+ 2 &* method.byteCount &+ domain.byteCount &+ path.byteCount &+ rule.byteCount &+ session.byteCount &+ process.byteCount
        output.append(byteCountMax: strings &+ otherBytesMax) { output in
            output.append(#"{"timeUnixNano":""#)
            append(record.timeUnixNano, to: &output)
            output.append(#"","observedTimeUnixNano":""#)
            append(batch.observedTimeUnixNano, to: &output)
            output.append(record.log.allowed ? #"","severityNumber":9,"severityText":"INFO","# : #"","severityNumber":13,"severityText":"WARN","#)
            output.append(#""eventName":"boundary.request","body":{"stringValue":""#)
            output.append(record.bodyStart)
            method.append(request, to: &output)
            output.append(UInt8(ascii: " "))
            url.append(request, to: &output)
            output.append(#""},"attributes":["#)
            if !record.log.method.isEmpty, !record.isKnownMethod {
                output.append(#"{"key":"http.request.method","value":{"stringValue":"_OTHER"}},"#)
            }
            append(record.isKnownMethod ? #"{"key":"http.request.method","value":{"stringValue":""# : #"{"key":"http.request.method_original","value":{"stringValue":""#, method, request, to: &output)
            if url.byteCount > 0 {
                output.append(#"{"key":"url.full","value":{"stringValue":""#)
                url.append(request, to: &output)
                output.append(#""}},"#)
            }
            append(#"{"key":"url.domain","value":{"stringValue":""#, domain, request, to: &output)
            append(#"{"key":"url.path","value":{"stringValue":""#, path, request, to: &output)
            append(#"{"key":"boundary.rule","value":{"stringValue":""#, rule, request, to: &output)
            append(#"{"key":"session.id","value":{"stringValue":""#, session, request, to: &output)
            append(#"{"key":"process.executable.name","value":{"stringValue":""#, process, request, to: &output)
            output.append(#"{"key":"boundary.decision","value":{"stringValue":""#)
            output.append(record.decision)
            output.append(#""}},{"key":"boundary.sequence_number","value":{"intValue":""#)
            if record.log.sequenceNumber < 0 { output.append(UInt8(ascii: "-")) }
            append(UInt64(record.log.sequenceNumber.magnitude), to: &output)
            output.append(#""}}]}"#)
        }
    }

    /// A string, measured with its escapes.
    private struct Text {
        let range: Range<Int>
        let byteCount: Int

        @inline(__always)
        init(_ request: RawSpan, _ range: Range<Int>) {
            self.range = range
            byteCount = JSONString.contentByteCount(request, range)
        }

        @inline(__always)
        func append(_ request: RawSpan, to output: inout OutputRawSpan) {
            JSONString.appendContent(request, range, byteCount: byteCount, to: &output)
        }
    }

    /// An attribute and the comma behind it; nothing when it is empty. `start`: all before its text.
    @inline(__always)
    private static func append(_ start: StaticString, _ text: Text, _ request: RawSpan, to output: inout OutputRawSpan) {
        guard text.byteCount > 0 else { return }
        output.append(start)
        text.append(request, to: &output)
        output.append(#""}},"#)
    }

    private static func append(_ value: UInt64, to output: inout OutputRawSpan) {
        if value >= 10 { append(value / 10, to: &output) }
        output.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value % 10))
    }
}
