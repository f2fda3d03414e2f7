/// Writes a request anew, with its URLs as they may leave. All else stays byte for byte, unknown fields too.
public enum RequestRedaction {
    /// Appends the valid inner `request`; only logs number `logs` of it when given, with all that is not a log.
    public static func append(_ request: RawSpan, logs: Range<Int>?, _ redaction: URLRedaction, to output: inout [UInt8]) {
        var number = 0
        rewrite(request, 0..<request.byteCount, to: &output) { tag, range, output in
            guard tag == RequestTag.logs else { return false }
            defer { number += 1 }
            guard logs?.contains(number) ?? true else { return true }
            appendMessage(tag, request, range, to: &output) { tag, range, output in
                guard tag == httpRequestTag else { return false }
                appendMessage(tag, request, range, to: &output) { tag, range, output in
                    guard tag == urlTag else { return false }
                    let url = RedactedURL(range, URLParts(request, range), redaction)
                    output.append(varint: tag)
                    output.append(varint: UInt64(url.byteCount))
                    output.append(byteCountMax: url.byteCount, writing: { url.append(request, to: &$0) })
                    return true
                }
                return true
            }
            return true
        }
    }

    private static var httpRequestTag: UInt64 { 3 << 3 | 2 }
    private static var urlTag: UInt64 { 2 << 3 | 2 }

    /// Copies the fields at `range`, but for length-delimited ones that `replace` has written instead.
    private static func rewrite(
        _ bytes: RawSpan, _ range: Range<Int>, to output: inout [UInt8], replace: (UInt64, Range<Int>, inout [UInt8]) -> Bool
    ) {
        var cursor = FieldCursor(range, of: bytes)
        do throws(ProtobufError) {
            while !cursor.isAtEnd {
                let start = cursor.position
                let tag = try cursor.tag(in: bytes)
                if tag & 7 == 2 {
                    if replace(tag, try cursor.lengthDelimited(in: bytes), &output) { continue }
                } else {
                    try cursor.skip(tag, in: bytes)
                }
                output.append(bytes, start..<cursor.position)
            }
        } catch {
            // It was scanned: there is no such fault in it.
        }
    }

    /// Appends the message at `range` rewritten, with its tag and its new length.
    private static func appendMessage(
        _ tag: UInt64, _ bytes: RawSpan, _ range: Range<Int>, to output: inout [UInt8], replace: (UInt64, Range<Int>, inout [UInt8]) -> Bool
    ) {
        output.append(varint: tag)
        let length = output.appendRoomForLength()
        rewrite(bytes, range, to: &output, replace: replace)
        output.setLength(at: length)
    }
}
