/// Log records as protobuf (opentelemetry/proto/logs/v1/logs.proto).
enum OTLPProtobuf {
    /// Appends `record` as a `log_records` field of `ScopeLogs`.
    @inline(__always)
    static func append(_ record: OTLPRecord, _ request: RawSpan, to output: inout [UInt8]) {
        // What is the same in each record: both times (9 each), severity (2 and 6), event name (18).
        var size = 44
        let urlBytes = record.url.byteCount
        let bodyBytes = record.bodyStart.utf8CodeUnitCount &+ record.method.count &+ 1 &+ urlBytes
        let body = Field(bodyBytes)
        size &+= body.outerSize
        let method = Attribute(record.isKnownMethod ? "\u{0A}\u{13}http.request.method\u{12}" : "\u{0A}\u{1C}http.request.method_original\u{12}", record.method.count)
        let url = Attribute("\u{0A}\u{08}url.full\u{12}", urlBytes)
        let domain = Attribute("\u{0A}\u{0A}url.domain\u{12}", record.domain.count)
        let path = Attribute("\u{0A}\u{08}url.path\u{12}", record.path.count)
        let rule = Attribute("\u{0A}\u{0D}boundary.rule\u{12}", record.rule.count)
        let session = Attribute("\u{0A}\u{0A}session.id\u{12}", record.sessionID.count)
        let process = Attribute("\u{0A}\u{17}process.executable.name\u{12}", record.processName.count)
        let decision = Attribute("\u{0A}\u{11}boundary.decision\u{12}", record.decision.utf8CodeUnitCount)
        size &+= method.size &+ url.size &+ domain.size &+ path.size &+ rule.size &+ session.size &+ process.size &+ decision.size
        if !record.method.isEmpty, !record.isKnownMethod { size &+= otherMethod.utf8CodeUnitCount }
        let number = UInt64(bitPattern: Int64(record.sequenceNumber))
        let numberBytes = varintSize(number)
        size &+= 2 &+ sequenceKey.utf8CodeUnitCount &+ 2 &+ numberBytes

        output.append(byteCountMax: 1 &+ 5 &+ size) { output in
            output.append(UInt8(0x12))
            append(UInt64(truncatingIfNeeded: size), to: &output)
            output.append(UInt8(0x09))
            output.append(littleEndian: record.timeUnixNano)
            output.append(UInt8(0x59))
            output.append(littleEndian: record.observedTimeUnixNano)
            output.append(UInt8(0x10))
            output.append(record.severityNumber)
            output.append("\u{1A}\u{04}")
            output.append(record.severityText)
            output.append("\u{62}\u{10}boundary.request")
            body.append(tag: 0x2A, to: &output)
            output.append(record.bodyStart)
            output.append(request, record.method)
            output.append(UInt8(ascii: " "))
            record.url.append(request, to: &output)
            if !record.method.isEmpty, !record.isKnownMethod { output.append(otherMethod) }
            method.append(request, record.method, to: &output)
            if url.begin(&output) { record.url.append(request, to: &output) }
            domain.append(request, record.domain, to: &output)
            path.append(request, record.path, to: &output)
            rule.append(request, record.rule, to: &output)
            session.append(request, record.sessionID, to: &output)
            process.append(request, record.processName, to: &output)
            if decision.begin(&output) { output.append(record.decision) }
            output.append(UInt8(0x32))
            output.append(UInt8(truncatingIfNeeded: sequenceKey.utf8CodeUnitCount &+ 2 &+ numberBytes))
            output.append(sequenceKey)
            output.append(UInt8(truncatingIfNeeded: 1 &+ numberBytes))
            output.append(UInt8(0x18))
            append(number, to: &output)
        }
    }

    /// `http.request.method` of a method that the conventions do not know, as a whole field.
    private static var otherMethod: StaticString { "\u{32}\u{1F}\u{0A}\u{13}http.request.method\u{12}\u{08}\u{0A}\u{06}_OTHER" }
    private static var sequenceKey: StaticString { "\u{0A}\u{18}boundary.sequence_number\u{12}" }

    /// An `AnyValue` that is a string, as a field.
    private struct Field {
        let count: Int
        /// Of the message without its tag and length.
        let size: Int

        @inline(__always)
        init(_ count: Int) {
            self.count = count
            size = 1 &+ varintSize(UInt64(truncatingIfNeeded: count)) &+ count
        }

        var outerSize: Int { 1 &+ varintSize(UInt64(truncatingIfNeeded: size)) &+ size }

        /// All but the string itself.
        @inline(__always)
        func append(tag: UInt8, to output: inout OutputRawSpan) {
            output.append(tag)
            appendRest(to: &output)
        }

        @inline(__always)
        func appendRest(to output: inout OutputRawSpan) {
            OTLPProtobuf.append(UInt64(truncatingIfNeeded: size), to: &output)
            output.append(UInt8(0x0A))
            OTLPProtobuf.append(UInt64(truncatingIfNeeded: count), to: &output)
        }
    }

    /// A `KeyValue` of a string; one that is empty is left out.
    private struct Attribute {
        /// Tag, length and text of the key, and the value's tag.
        let key: StaticString
        let value: Field
        private let inner: Int

        @inline(__always)
        init(_ key: StaticString, _ count: Int) {
            self.key = key
            value = Field(count)
            inner = key.utf8CodeUnitCount &+ value.outerSize &- 1
        }

        @inline(__always)
        var size: Int { value.count == 0 ? 0 : 1 &+ varintSize(UInt64(truncatingIfNeeded: inner)) &+ inner }

        /// Writes all but the string; false when the attribute is left out.
        @inline(__always)
        func begin(_ output: inout OutputRawSpan) -> Bool {
            guard value.count > 0 else { return false }
            output.append(UInt8(0x32))
            OTLPProtobuf.append(UInt64(truncatingIfNeeded: inner), to: &output)
            output.append(key)
            value.appendRest(to: &output)
            return true
        }

        @inline(__always)
        func append(_ request: RawSpan, _ range: Range<Int>, to output: inout OutputRawSpan) {
            if begin(&output) { output.append(request, range) }
        }
    }

    @inline(__always)
    static func varintSize(_ value: UInt64) -> Int { (9 &* (64 &- (value | 1).leadingZeroBitCount) &+ 64) &>> 6 }

    @inline(__always)
    static func append(_ value: UInt64, to output: inout OutputRawSpan) {
        var rest = value
        while rest >= 0x80 {
            output.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest &>>= 7
        }
        output.append(UInt8(truncatingIfNeeded: rest))
    }
}
