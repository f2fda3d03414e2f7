/// What an OTLP server says in the body of an answer.
public struct OTLPAnswer: Equatable, Sendable {
    /// `ExportLogsPartialSuccess.rejected_log_records`, or 0.
    public var rejectedLogRecords: Int64 = 0
    /// `ExportLogsPartialSuccess.error_message`, or `google.rpc.Status.message`; may be there although nothing was rejected.
    public var message: [UInt8] = []

    /// Reads an `ExportLogsServiceResponse` (`isSuccess`), or the `Status` of a failure. What is cut off or no such message says what comes before the fault.
    public init(_ body: [UInt8], isJSON: Bool, isSuccess: Bool) {
        if isJSON { readJSON(body, isSuccess) } else { readProtobuf(body, isSuccess) }
    }

    private mutating func readProtobuf(_ body: [UInt8], _ isSuccess: Bool) {
        let bytes = unsafe body.span.bytes
        var cursor = FieldCursor(0..<body.count, of: bytes)
        do throws(ProtobufError) {
            while !cursor.isAtEnd {
                let tag = try cursor.tag(in: bytes)
                switch (isSuccess, tag) {
                case (true, 0x0A): try readPartialSuccess(bytes, try partRange(&cursor, bytes))
                case (false, 0x12): message = Array(body[try partRange(&cursor, bytes)])
                default: try cursor.skip(tag, in: bytes)
                }
            }
        } catch {}
    }

    private mutating func readPartialSuccess(_ bytes: RawSpan, _ range: Range<Int>) throws(ProtobufError) {
        var cursor = FieldCursor(range, of: bytes)
        while !cursor.isAtEnd {
            let tag = try cursor.tag(in: bytes)
            switch tag {
            case 0x08: rejectedLogRecords = Int64(bitPattern: try cursor.varint(in: bytes))
            case 0x12:
                let text = try partRange(&cursor, bytes)
                message = []
                message.append(bytes, text)
            default: try cursor.skip(tag, in: bytes)
            }
        }
    }

    /// A length-delimited value; of one that is cut off, what is there.
    private func partRange(_ cursor: inout FieldCursor, _ bytes: RawSpan) throws(ProtobufError) -> Range<Int> {
        let length = try cursor.varint(in: bytes)
        let start = cursor.position
        let count = Int(min(length, UInt64(cursor.end - start)))
        cursor.position = start + count
        return start..<start + count
    }

    private mutating func readJSON(_ body: [UInt8], _ isSuccess: Bool) {
        guard let answer = JSONReader.read(body) else { return }
        let partial = answer["partialSuccess"]
        message = Array(((isSuccess ? partial["errorMessage"] : answer["message"]).text ?? "").utf8)
        guard isSuccess else { return }
        // 64-bit integers are strings in this mapping; numbers are to be taken too.
        let rejected = partial["rejectedLogRecords"]
        rejectedLogRecords = rejected.text.flatMap { Int64($0) } ?? Int64(rejected.integer ?? 0)
    }
}
