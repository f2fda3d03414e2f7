/// The one look that every payload gets: is it valid, and what does it hold for the forwarder?
public enum BoundaryScan {
    private enum MessageTag {
        static var logs: UInt64 { 1 << 3 | 2 }
        static var status: UInt64 { 2 << 3 | 2 }
    }

    private enum StatusTag {
        static var droppedChannelFull: UInt64 { 1 << 3 | 0 }
        static var droppedBatchFull: UInt64 { 2 << 3 | 0 }
    }

    /// Validates a payload as Go's `proto.Unmarshal` would and finds what the forwarder needs.
    ///
    /// One pass. It allocates nothing, unless a client nests more than 16 unknown groups. Any bytes of any length are taken.
    public static func scan(_ tag: FrameTag, _ payload: RawSpan) -> ScanResult {
        do throws(ProtobufError) {
            switch tag {
            case .logs:
                var request = RequestFields()
                try request.read(payload, 0..<payload.byteCount)
                return request.result
            case .message:
                return try scanMessage(payload)
            }
        } catch {
            return .invalid(error)
        }
    }

    /// The envelope's cases form a `oneof`: the same case again merges, the other one clears what came before.
    private static func scanMessage(_ payload: RawSpan) throws(ProtobufError) -> ScanResult {
        var cursor = FieldCursor(0..<payload.byteCount, of: payload)
        var request = RequestFields()
        var status: (channelFull: Int64, batchFull: Int64)?
        while !cursor.isAtEnd {
            let tag = try cursor.tag(in: payload)
            switch tag {
            case MessageTag.logs:
                status = nil
                try request.read(payload, cursor.lengthDelimited(in: payload))
            case MessageTag.status:
                request = RequestFields()
                var merged = status ?? (0, 0)
                try readStatus(payload, cursor.lengthDelimited(in: payload), &merged.channelFull, &merged.batchFull)
                status = merged
            default:
                try cursor.skip(tag, in: payload)
            }
        }
        guard let status else { return request.result }
        return .status(droppedChannelFull: status.channelFull, droppedBatchFull: status.batchFull)
    }

    private static func readStatus(
        _ payload: RawSpan, _ range: Range<Int>, _ channelFull: inout Int64, _ batchFull: inout Int64
    ) throws(ProtobufError) {
        var cursor = FieldCursor(range, of: payload)
        while !cursor.isAtEnd {
            let tag = try cursor.tag(in: payload)
            switch tag {
            case StatusTag.droppedChannelFull: channelFull = Int64(bitPattern: try cursor.varint(in: payload))
            case StatusTag.droppedBatchFull: batchFull = Int64(bitPattern: try cursor.varint(in: payload))
            default: try cursor.skip(tag, in: payload)
            }
        }
    }

    /// Copies the inner request of a payload that `scan` found valid; `destination` holds exactly `request.byteCount` bytes.
    public static func copyRequest(
        _ request: ScannedRequest, of payload: RawSpan, to destination: UnsafeMutableRawBufferPointer
    ) {
        precondition(destination.count == request.byteCount, "the destination must fit the scanned request")
        if let piece = request.piece {
            unsafe payload.copy(piece, to: destination, at: 0)
        } else {
            unsafe copyPieces(of: payload, to: destination)
        }
    }

    /// Rare: no known client splits its logs over several fields of one envelope. So it may walk the payload once more for each
    /// `status` in between, which clears what was copied before.
    @inline(never)
    private static func copyPieces(of payload: RawSpan, to destination: UnsafeMutableRawBufferPointer) {
        var start = 0
        var cursor = FieldCursor(0..<payload.byteCount, of: payload)
        while let (tag, _) = nextEnvelopeField(payload, &cursor) {
            if tag == MessageTag.status { start = cursor.position }
        }
        var copied = 0
        cursor = FieldCursor(start..<payload.byteCount, of: payload)
        while let (tag, value) = nextEnvelopeField(payload, &cursor) {
            guard tag == MessageTag.logs, destination.count - copied >= value.count else { continue }
            unsafe payload.copy(value, to: destination, at: copied)
            copied += value.count
        }
    }

    /// The next field of a valid envelope; of other than length-delimited ones the range is empty.
    private static func nextEnvelopeField(_ payload: RawSpan, _ cursor: inout FieldCursor) -> (UInt64, Range<Int>)? {
        guard !cursor.isAtEnd else { return nil }
        do throws(ProtobufError) {
            let tag = try cursor.tag(in: payload)
            if tag == MessageTag.logs || tag == MessageTag.status { return (tag, try cursor.lengthDelimited(in: payload)) }
            try cursor.skip(tag, in: payload)
            return (tag, 0..<0)
        } catch {
            return nil
        }
    }
}
