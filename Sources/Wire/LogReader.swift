/// Reads the logs of a valid inner request one by one. Of an invalid one it gives what comes before the fault.
public struct LogReader {
    private var position = 0

    public init() {}

    /// The next log of `request`, the same bytes at every call; nil after the last one.
    public mutating func next(in request: RawSpan) -> LogView? {
        var log = LogView()
        return next(in: request, into: &log) ? log : nil
    }

    /// The same, into `log`, whatever was in it; false after the last one.
    @inline(__always)
    mutating func next(in request: RawSpan, into log: inout LogView) -> Bool {
        guard position < request.byteCount else { return false }
        var cursor = FieldCursor(position..<request.byteCount, of: request)
        do throws(ProtobufError) {
            while !cursor.isAtEnd {
                let tag = try cursor.tag(in: request)
                guard tag == RequestTag.logs else {
                    try cursor.skip(tag, in: request)
                    continue
                }
                log = LogView()
                try LogFields<LogReading>.read(request, cursor.lengthDelimited(in: request), into: &log)
                position = cursor.position
                return true
            }
        } catch {}
        position = request.byteCount
        return false
    }
}
