/// Log records as protobuf (opentelemetry/proto/logs/v1/logs.proto).
enum OTLPProtobuf {
    /// Appends the records of `batch`, which is of `request`, each as a `log_records` field of `ScopeLogs`.
    static func append(_ batch: inout OTLPBatch, _ request: RawSpan, to output: inout [UInt8]) {
        let otherBytesMax = Self.otherBytesMax &+ batch.sessionID.count &+ batch.processName.count
        // Mostly enough: a URL is there three times, and logs have some fifty bytes more.
        var room = 5 &* request.byteCount &+ otherBytesMax
        var isComplete = false
        while !isComplete {
            output.append(byteCountMax: room) { (output: inout ByteWriter) in
                // Copies, which the compiler need not keep in memory.
                var (rest, writer) = (batch, output)
                defer { (batch, output) = (rest, writer) }
                var record = OTLPRecord()
                var shared = 0..<0
                while rest.next(in: request, into: &record) {
                    let byteCountMax = otherBytesMax &+ record.stringBytes
                    let outerByteCountMax = 1 &+ Varint.lengthBytes &+ byteCountMax
                    guard writer.room >= outerByteCountMax else {
                        rest.takeBack()
                        return room = outerByteCountMax &+ 5 &* request.byteCount
                    }
                    writer.append(0x12)
                    let length = writer.beginMessage(byteCountMax: byteCountMax)
                    append(&record, request, to: &writer)
                    let start = writer.byteCount
                    if shared.isEmpty { appendShared(batch, request, to: &writer) } else { writer.append(again: shared) }
                    shared = start..<writer.byteCount
                    writer.endMessage(length)
                }
                isComplete = true
            }
        }
    }

    /// What a record has besides its strings, at most: 292 bytes, and 23 lengths of up to five.
    private static var otherBytesMax: Int { 292 + 23 * 5 }

    /// All but what the records of a batch share, in the order of the fields' numbers. `record` is lent to be read, not to be changed: a copy is dear.
    @inline(__always)
    private static func append(_ record: inout OTLPRecord, _ request: RawSpan, to output: inout ByteWriter) {
        output.append(0x09)
        output.append(littleEndian: record.timeUnixNano)
        if record.log.allowed { output.append("\u{10}\u{09}\u{1A}\u{04}INFO\u{2A}") } else { output.append("\u{10}\u{0D}\u{1A}\u{04}WARN\u{2A}") }
        output.beginText((record.log.allowed ? 6 : 5) &+ record.log.method.byteCount &+ 1 &+ record.urlByteCount)
        if record.log.allowed { output.append("ALLOW ") } else { output.append("DENY ") }
        output.append(request, record.log.method)
        output.append(UInt8(ascii: " "))
        record.appendURL(request, to: &output)
        if record.log.allowed {
            output.append("\u{32}\u{1C}\u{0A}\u{11}boundary.decision\u{12}\u{07}\u{0A}\u{05}allow")
        } else {
            output.append("\u{32}\u{1B}\u{0A}\u{11}boundary.decision\u{12}\u{06}\u{0A}\u{04}deny")
        }
        if record.isKnownMethod {
            output.append(Key.Method.self, request, record.log.method)
        } else if !record.log.method.isEmpty {
            output.append("\u{32}\u{1F}\u{0A}\u{13}http.request.method\u{12}\u{08}\u{0A}\u{06}_OTHER")
            output.append(Key.OriginalMethod.self, request, record.log.method)
        }
        if record.urlByteCount > 0 {
            output.beginAttribute(Key.URL.self, record.urlByteCount)
            record.appendURL(request, to: &output)
        }
        output.append(Key.Domain.self, request, record.parts.host)
        output.append(Key.Path.self, request, record.parts.path)
        output.append(Key.Rule.self, request, record.log.matchedRule)
        let number = UInt64(bitPattern: Int64(record.log.sequenceNumber))
        let numberBytes = Varint.byteCount(number)
        output.append(0x32)
        output.append(UInt8(truncatingIfNeeded: 29 &+ numberBytes))
        output.append("\u{0A}\u{18}boundary.sequence_number\u{12}")
        output.append(UInt8(truncatingIfNeeded: 1 &+ numberBytes))
        output.append(0x18)
        output.append(varint: number)
    }

    /// The last fields of each record of a batch: session and process, when it was observed, the event's name.
    private static func appendShared(_ batch: OTLPBatch, _ request: RawSpan, to output: inout ByteWriter) {
        output.append(Key.Session.self, request, batch.sessionID)
        output.append(Key.Process.self, request, batch.processName)
        output.append(0x59)
        output.append(littleEndian: batch.observedTimeUnixNano)
        output.append("\u{62}\u{10}boundary.request")
    }
}

/// The key of an attribute, as it stands between the lengths of the pair and of its value: tag, length and text of the key, and the value's tag. A type, so
/// that the compiler makes the code of each with what it knows of its text.
private protocol AttributeKey {
    static var bytes: StaticString { get }
}

private enum Key {
    enum Method: AttributeKey { static var bytes: StaticString { "\u{0A}\u{13}http.request.method\u{12}" } }
    enum OriginalMethod: AttributeKey { static var bytes: StaticString { "\u{0A}\u{1C}http.request.method_original\u{12}" } }
    enum URL: AttributeKey { static var bytes: StaticString { "\u{0A}\u{08}url.full\u{12}" } }
    enum Domain: AttributeKey { static var bytes: StaticString { "\u{0A}\u{0A}url.domain\u{12}" } }
    enum Path: AttributeKey { static var bytes: StaticString { "\u{0A}\u{08}url.path\u{12}" } }
    enum Rule: AttributeKey { static var bytes: StaticString { "\u{0A}\u{0D}boundary.rule\u{12}" } }
    enum Session: AttributeKey { static var bytes: StaticString { "\u{0A}\u{0A}session.id\u{12}" } }
    enum Process: AttributeKey { static var bytes: StaticString { "\u{0A}\u{17}process.executable.name\u{12}" } }
}

extension ByteWriter {
    /// An attribute, a `KeyValue` whose value is the string at `range` of `request`; nothing when that is empty.
    @inline(__always)
    fileprivate mutating func append<Key: AttributeKey>(_ key: Key.Type, _ request: RawSpan, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        beginAttribute(key, range.byteCount)
        append(request, range)
    }

    /// All of an attribute but its string, which has `byteCount` bytes.
    @inline(__always)
    fileprivate mutating func beginAttribute<Key: AttributeKey>(_ key: Key.Type, _ byteCount: Int) {
        append(0x32)
        let value = Self.textBytes(byteCount)
        append(length: Key.bytes.utf8CodeUnitCount &+ Varint.byteCount(UInt64(truncatingIfNeeded: value)) &+ value)
        append(Key.bytes)
        beginText(byteCount)
    }

    /// All of an `AnyValue` that is a string but its tag and the string.
    @inline(__always)
    fileprivate mutating func beginText(_ byteCount: Int) {
        append(length: Self.textBytes(byteCount))
        append(0x0A)
        append(length: byteCount)
    }

    /// Of an `AnyValue` that is a string of `byteCount` bytes.
    @inline(__always)
    private static func textBytes(_ byteCount: Int) -> Int { 1 &+ Varint.byteCount(UInt64(truncatingIfNeeded: byteCount)) &+ byteCount }

    @inline(__always)
    private mutating func append(length: Int) { append(varint: UInt64(truncatingIfNeeded: length)) }
}
