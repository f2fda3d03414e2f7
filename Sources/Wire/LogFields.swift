/// What a walk over a log is for. A type, so that the compiler makes one walk for each purpose without what the other needs.
protocol LogPurpose {
    /// Whether strings are checked; the rest always is.
    static var validatesUTF8: Bool { get }
    /// Whether the values are wanted; the sequence number always is.
    static var keepsValues: Bool { get }
}

enum LogValidation: LogPurpose {
    static var validatesUTF8: Bool { true }
    static var keepsValues: Bool { false }
}

enum LogReading: LogPurpose {
    static var validatesUTF8: Bool { false }
    static var keepsValues: Bool { true }
}

/// Reads one `coder.agent.v2.BoundaryLog`. The scan and the reader share it, so that what was validated is what is read.
enum LogFields<Purpose: LogPurpose> {
    /// Merges the fields of `range` into `log`: the last value of a scalar stays, message fields merge.
    static func read(_ bytes: RawSpan, _ range: Range<Int>, into log: inout LogView) throws(ProtobufError) {
        var cursor = FieldCursor(range, of: bytes)
        while !cursor.isAtEnd {
            let tag = try cursor.tag(in: bytes)
            switch tag {
            case LogTag.allowed:
                let value = try cursor.varint(in: bytes)
                if Purpose.keepsValues { log.allowed = value != 0 }
            case LogTag.time:
                if Purpose.keepsValues { log.hasTime = true }
                let range = try cursor.lengthDelimited(in: bytes)
                if let time = usualTime(bytes, range) {
                    if Purpose.keepsValues { (log.seconds, log.nanos) = time }
                } else {
                    try readTime(bytes, range, into: &log)
                }
            case LogTag.httpRequest:
                if Purpose.keepsValues { log.hasHTTPRequest = true }
                try readHTTPRequest(bytes, cursor.lengthDelimited(in: bytes), into: &log)
            case LogTag.sequenceNumber:
                log.sequenceNumber = Int32(truncatingIfNeeded: try cursor.varint(in: bytes))
            default:
                try cursor.skip(tag, in: bytes)
            }
        }
    }

    /// A time that is written as any of 1978 to 3058 is; nil for others, valid or not:
    ///
    ///     | 08 | seconds, a varint of 5 bytes | 10 | nanos, a varint of 4 or 5 bytes |
    @inline(__always)
    private static func usualTime(_ bytes: RawSpan, _ range: Range<Int>) -> (seconds: Int64, nanos: Int32)? {
        let length = range.upperBound &- range.lowerBound
        guard length == 12 || length == 11 else { return nil }
        // All but the last byte of a varint have the high bit. Here are the first byte of nanos and what goes before it, there are all others of it.
        let head = bytes.word(at: range.lowerBound)
        let tail = bytes.word(at: range.upperBound &- 8)
        guard head & 0x80FF_8080_8080_80FF == 0x8010_0080_8080_8008, tail & 0x8080_8080_0000_0000 == 0x0080_8080_0000_0000 else { return nil }
        let nanos = tail &>> UInt64(truncatingIfNeeded: 64 &- (length &- 7) &* 8)
        return (Int64(bitPattern: Varint.compact(head &>> 8 & 0x7F_7F7F_7F7F)), Int32(truncatingIfNeeded: Varint.compact(nanos & 0x7F_7F7F_7F7F)))
    }

    private static func readTime(_ bytes: RawSpan, _ range: Range<Int>, into log: inout LogView) throws(ProtobufError) {
        var cursor = FieldCursor(range, of: bytes)
        while !cursor.isAtEnd {
            let tag = try cursor.tag(in: bytes)
            switch tag {
            case TimeTag.seconds:
                let value = try cursor.varint(in: bytes)
                if Purpose.keepsValues { log.seconds = Int64(bitPattern: value) }
            case TimeTag.nanos:
                let value = try cursor.varint(in: bytes)
                if Purpose.keepsValues { log.nanos = Int32(truncatingIfNeeded: value) }
            default:
                try cursor.skip(tag, in: bytes)
            }
        }
    }

    private static func readHTTPRequest(
        _ bytes: RawSpan, _ range: Range<Int>, into log: inout LogView
    ) throws(ProtobufError) {
        var cursor = FieldCursor(range, of: bytes)
        while !cursor.isAtEnd {
            let tag = try cursor.tag(in: bytes)
            switch tag {
            case HTTPRequestTag.method:
                let value = try cursor.string(in: bytes, validating: Purpose.validatesUTF8)
                if Purpose.keepsValues { log.method = value }
            case HTTPRequestTag.url:
                let value = try cursor.string(in: bytes, validating: Purpose.validatesUTF8)
                if Purpose.keepsValues { log.url = value }
            case HTTPRequestTag.matchedRule:
                let value = try cursor.string(in: bytes, validating: Purpose.validatesUTF8)
                if Purpose.keepsValues { log.matchedRule = value }
            default:
                try cursor.skip(tag, in: bytes)
            }
        }
    }
}

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
