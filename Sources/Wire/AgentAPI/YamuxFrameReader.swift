/// Splits a byte stream into yamux headers and pieces of payload, whatever the reads. Holds at most a header, never a payload.
struct YamuxFrameReader {
    enum Step: Equatable {
        case needMoreBytes
        case header(YamuxHeader)
        /// Bytes of the payload of the last header, a range of those given; the last ones of that payload if `isLast`.
        case payload(Range<Int>, isLast: Bool)
    }

    /// The header's bytes so far: the first eight, then the last four, shifted in from below.
    private var high: UInt64 = 0
    private var low: UInt32 = 0
    private var headerByteCount = 0
    private var payloadBytesLeft = 0

    /// The next step from `offset` on; moves `offset` past it. After an error the stream is beyond repair.
    mutating func next(in bytes: RawSpan, offset: inout Int) throws(YamuxError) -> Step {
        guard offset < bytes.byteCount else { return .needMoreBytes }
        if payloadBytesLeft > 0 {
            let start = offset
            let count = min(payloadBytesLeft, bytes.byteCount - start)
            offset += count
            payloadBytesLeft -= count
            return .payload(start..<offset, isLast: payloadBytesLeft == 0)
        }
        while headerByteCount < YamuxHeader.byteCount {
            guard offset < bytes.byteCount else { return .needMoreBytes }
            let byte = bytes.byte(at: offset)
            if headerByteCount < 8 { high = high &<< 8 | UInt64(byte) } else { low = low &<< 8 | UInt32(byte) }
            headerByteCount += 1
            offset += 1
        }
        headerByteCount = 0
        let header = try YamuxHeader(high: high, low: low)
        if header.type == .data { payloadBytesLeft = Int(header.length) }
        return .header(header)
    }
}
