/// Reads one `coder.agent.v2.BoundaryLog`. The scan and the reader share it, so that what was validated is what is read.
enum LogFields {
    private enum LogTag {
        static var allowed: UInt64 { 1 << 3 | 0 }
        static var time: UInt64 { 2 << 3 | 2 }
        static var httpRequest: UInt64 { 3 << 3 | 2 }
        static var sequenceNumber: UInt64 { 4 << 3 | 0 }
    }

    private enum TimeTag {
        static var seconds: UInt64 { 1 << 3 | 0 }
        static var nanos: UInt64 { 2 << 3 | 0 }
    }

    private enum HTTPRequestTag {
        static var method: UInt64 { 1 << 3 | 2 }
        static var url: UInt64 { 2 << 3 | 2 }
        static var matchedRule: UInt64 { 3 << 3 | 2 }
    }

    /// Merges the fields of `range` into `log`: the last value of a scalar stays, message fields merge.
    @inline(__always)
    static func read(
        _ bytes: RawSpan, _ range: Range<Int>, validating: Bool, into log: inout LogView
    ) throws(ProtobufError) {
        var cursor = FieldCursor(range)
        while !cursor.isAtEnd {
            let tag = try cursor.tag(in: bytes)
            switch tag {
            case LogTag.allowed:
                log.allowed = try cursor.varint(in: bytes) != 0
            case LogTag.time:
                log.hasTime = true
                try readTime(bytes, cursor.lengthDelimited(in: bytes), into: &log)
            case LogTag.httpRequest:
                log.hasHTTPRequest = true
                try readHTTPRequest(bytes, cursor.lengthDelimited(in: bytes), validating: validating, into: &log)
            case LogTag.sequenceNumber:
                log.sequenceNumber = Int32(truncatingIfNeeded: try cursor.varint(in: bytes))
            default:
                try cursor.skip(tag, in: bytes)
            }
        }
    }

    @inline(__always)
    private static func readTime(_ bytes: RawSpan, _ range: Range<Int>, into log: inout LogView) throws(ProtobufError) {
        var cursor = FieldCursor(range)
        while !cursor.isAtEnd {
            let tag = try cursor.tag(in: bytes)
            switch tag {
            case TimeTag.seconds:
                log.seconds = Int64(bitPattern: try cursor.varint(in: bytes))
            case TimeTag.nanos:
                log.nanos = Int32(truncatingIfNeeded: try cursor.varint(in: bytes))
            default:
                try cursor.skip(tag, in: bytes)
            }
        }
    }

    @inline(__always)
    private static func readHTTPRequest(
        _ bytes: RawSpan, _ range: Range<Int>, validating: Bool, into log: inout LogView
    ) throws(ProtobufError) {
        var cursor = FieldCursor(range)
        while !cursor.isAtEnd {
            let tag = try cursor.tag(in: bytes)
            switch tag {
            case HTTPRequestTag.method:
                log.method = try cursor.string(in: bytes, validating: validating)
            case HTTPRequestTag.url:
                log.url = try cursor.string(in: bytes, validating: validating)
            case HTTPRequestTag.matchedRule:
                log.matchedRule = try cursor.string(in: bytes, validating: validating)
            default:
                try cursor.skip(tag, in: bytes)
            }
        }
    }
}
