/// Log records as protobuf (opentelemetry/proto/logs/v1/logs.proto): those of one request, which share their session, process and time of arrival.
struct OTLPProtobuf {
    private let sessionID: Range<Int>
    private let processName: Range<Int>
    private let observedTimeUnixNano: UInt64
    private let session: Attribute
    private let process: Attribute
    /// Bytes of what is in each record: both times (9 each), severity (8), event name (18), session and process.
    private let sharedSize: Int

    init(sessionID: Range<Int>, processName: Range<Int>, observedTimeUnixNano: UInt64) {
        self.sessionID = sessionID
        self.processName = processName
        self.observedTimeUnixNano = observedTimeUnixNano
        session = Attribute(Key.session, sessionID.count)
        process = Attribute(Key.process, processName.count)
        sharedSize = 44 &+ session.size &+ process.size
    }

    /// Appends `record` as a `log_records` field of `ScopeLogs`, its fields in the order of their numbers.
    @inline(__always)
    func append(_ record: OTLPRecord, _ request: RawSpan, to output: inout [UInt8]) {
        let urlBytes = record.url.byteCount
        let body = Field((record.allowed ? 6 : 5) &+ record.method.count &+ 1 &+ urlBytes)
        let method = Attribute(
            record.isKnownMethod ? Key.method : Key.otherMethod, record.method.count)
        let url = Attribute(Key.url, urlBytes)
        let domain = Attribute(Key.domain, record.domain.count)
        let path = Attribute(Key.path, record.path.count)
        let rule = Attribute(Key.rule, record.rule.count)
        let hasOtherMethod = !record.isKnownMethod && !record.method.isEmpty
        let number = UInt64(bitPattern: Int64(record.sequenceNumber))
        let numberBytes = Varint.byteCount(number)
        let size = sharedSize &+ body.outerSize &+ (record.allowed ? 30 : 29) &+ (hasOtherMethod ? 33 : 0) &+ method.size &+ url.size &+ domain.size
            &+ path.size &+ rule.size &+ 31 &+ numberBytes

        output.append(byteCountMax: 1 &+ 5 &+ size) { (output: inout ByteWriter) in
            output.append(0x12)
            output.append(varint: UInt64(truncatingIfNeeded: size))
            output.append(0x09)
            output.append(littleEndian: record.timeUnixNano)
            if record.allowed { output.append("\u{10}\u{09}\u{1A}\u{04}INFO") } else { output.append("\u{10}\u{0D}\u{1A}\u{04}WARN") }
            output.append(0x2A)
            body.begin(&output)
            if record.allowed { output.append("ALLOW ") } else { output.append("DENY ") }
            output.append(request, record.method)
            output.append(UInt8(ascii: " "))
            record.url.append(request, to: &output)
            if record.allowed {
                output.append("\u{32}\u{1C}\u{0A}\u{11}boundary.decision\u{12}\u{07}\u{0A}\u{05}allow")
            } else {
                output.append("\u{32}\u{1B}\u{0A}\u{11}boundary.decision\u{12}\u{06}\u{0A}\u{04}deny")
            }
            if hasOtherMethod { output.append("\u{32}\u{1F}\u{0A}\u{13}http.request.method\u{12}\u{08}\u{0A}\u{06}_OTHER") }
            if record.isKnownMethod {
                method.append(Key.method, request, record.method, to: &output)
            } else {
                method.append(Key.otherMethod, request, record.method, to: &output)
            }
            if url.begin(Key.url, &output) { record.url.append(request, to: &output) }
            domain.append(Key.domain, request, record.domain, to: &output)
            path.append(Key.path, request, record.path, to: &output)
            rule.append(Key.rule, request, record.rule, to: &output)
            session.append(Key.session, request, sessionID, to: &output)
            process.append(Key.process, request, processName, to: &output)
            output.append(0x32)
            output.append(UInt8(truncatingIfNeeded: 29 &+ numberBytes))
            output.append(Key.sequenceNumber)
            output.append(UInt8(truncatingIfNeeded: 1 &+ numberBytes))
            output.append(0x18)
            output.append(varint: number)
            output.append(0x59)
            output.append(littleEndian: observedTimeUnixNano)
            output.append("\u{62}\u{10}boundary.request")
        }
    }

    /// Keys of attributes, as they stand between the lengths of the pair and of its value: tag, length and text of the key, and the value's tag.
    private enum Key {
        static var method: StaticString { "\u{0A}\u{13}http.request.method\u{12}" }
        static var otherMethod: StaticString { "\u{0A}\u{1C}http.request.method_original\u{12}" }
        static var url: StaticString { "\u{0A}\u{08}url.full\u{12}" }
        static var domain: StaticString { "\u{0A}\u{0A}url.domain\u{12}" }
        static var path: StaticString { "\u{0A}\u{08}url.path\u{12}" }
        static var rule: StaticString { "\u{0A}\u{0D}boundary.rule\u{12}" }
        static var session: StaticString { "\u{0A}\u{0A}session.id\u{12}" }
        static var process: StaticString { "\u{0A}\u{17}process.executable.name\u{12}" }
        static var sequenceNumber: StaticString { "\u{0A}\u{18}boundary.sequence_number\u{12}" }
    }

    /// An `AnyValue` that is a string.
    private struct Field {
        /// Of the string.
        let count: Int
        /// Of the message without its tag and length.
        let size: Int

        @inline(__always)
        init(_ count: Int) {
            self.count = count
            size = 1 &+ Varint.byteCount(UInt64(truncatingIfNeeded: count)) &+ count
        }

        /// With its tag and length.
        @inline(__always)
        var outerSize: Int { 1 &+ Varint.byteCount(UInt64(truncatingIfNeeded: size)) &+ size }

        /// Writes all but its tag and the string itself.
        @inline(__always)
        func begin(_ output: inout ByteWriter) {
            output.append(varint: UInt64(truncatingIfNeeded: size))
            output.append(0x0A)
            output.append(varint: UInt64(truncatingIfNeeded: count))
        }
    }

    /// A `KeyValue` of a string, as a field of the record; one that is empty is left out.
    private struct Attribute {
        private let value: Field
        private let inner: Int

        @inline(__always)
        init(_ key: StaticString, _ count: Int) {
            value = Field(count)
            inner = key.utf8CodeUnitCount &+ value.outerSize &- 1
        }

        @inline(__always)
        var size: Int { value.count == 0 ? 0 : 1 &+ Varint.byteCount(UInt64(truncatingIfNeeded: inner)) &+ inner }

        /// Writes all but the string; false when the attribute is left out.
        @inline(__always)
        func begin(_ key: StaticString, _ output: inout ByteWriter) -> Bool {
            guard value.count > 0 else { return false }
            output.append(0x32)
            output.append(varint: UInt64(truncatingIfNeeded: inner))
            output.append(key)
            value.begin(&output)
            return true
        }

        @inline(__always)
        func append(_ key: StaticString, _ request: RawSpan, _ range: Range<Int>, to output: inout ByteWriter) {
            if begin(key, &output) { output.append(request, range) }
        }
    }
}
