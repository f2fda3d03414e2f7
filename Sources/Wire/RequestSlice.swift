/// Takes a valid request apart without re-encoding it: for a receiver that refuses it as too large.
public enum RequestSlice {
    /// The byte ranges of `request` that, laid end to end, are a request with only the logs number `logs` and all other fields.
    /// Ascending, none empty, neighbours joined.
    public static func pieces(of request: RawSpan, logs: Range<Int>) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var logNumber = 0
        var cursor = FieldCursor(0..<request.byteCount, of: request)
        do throws(ProtobufError) {
            while !cursor.isAtEnd {
                let start = cursor.position
                let tag = try cursor.tag(in: request)
                if tag == RequestTag.logs {
                    _ = try cursor.lengthDelimited(in: request)
                    logNumber += 1
                    guard logs.contains(logNumber - 1) else { continue }
                } else {
                    try cursor.skip(tag, in: request)
                }
                if let last = pieces.last, last.upperBound == start {
                    pieces[pieces.count - 1] = last.lowerBound..<cursor.position
                } else {
                    pieces.append(start..<cursor.position)
                }
            }
        } catch {}
        return pieces
    }
}
