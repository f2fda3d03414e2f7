// CONTRACT STUB: the signatures that the rest of the product is written against. The first commit of Wire replaces this file
// by one file per type; bodies, private members and extra API are Wire's own business, these names and meanings are fixed.

/// What the first byte of a frame says of its payload.
public enum FrameTag: UInt8, Sendable { case logs = 1, message = 2 }

/// A violation of the framing, after which a connection cannot be resynchronised.
public enum FramingError: Error, Equatable, Sendable {
    case unknownTag(UInt8)
    case payloadTooLong(Int)
}

/// Splits a byte stream into frames. Sans-IO. The bytes of one read lie in a buffer that all connections share; an incomplete
/// frame at its end is carried here until the next read, for which it is laid in front of the new bytes.
public struct FrameDecoder: ~Copyable {
    public static var headerBytes: Int { 4 }
    public static var payloadBytesMax: Int { 32768 }

    public enum Step: Equatable, Sendable {
        /// A whole frame; `payload` is a range of the bytes given.
        case frame(FrameTag, payload: Range<Int>)
        /// No whole frame from `offset` on.
        case needMoreBytes
        /// Sticky and final: every later step gives it again.
        case failed(FramingError)
    }

    public init() { fatalError() }

    /// Bytes carried from the last read.
    public var carriedByteCount: Int { fatalError() }

    /// Lays the carried bytes at the start of `buffer` and forgets them; returns how many there were.
    /// A read then goes to what follows, and `next` sees both in one piece. `buffer` must hold `carriedByteCount` bytes.
    public mutating func takeCarried(into buffer: UnsafeMutableRawBufferPointer) -> Int { fatalError() }

    /// The next frame of `bytes` from `offset` on; moves `offset` past it. The length is checked as soon as the four header bytes are there.
    public mutating func next(in bytes: RawSpan, offset: inout Int) -> Step { fatalError() }

    /// Keeps `rest`, the bytes that `next` did not consume (an incomplete frame, or frames that the ring has no room for yet).
    /// Any length is taken; more than one frame's worth occurs only when a full ring (`--overflow block`) ends a read early.
    public mutating func carry(_ rest: RawSpan) { fatalError() }
}

/// Why a payload is not a message that Go's `proto.Unmarshal` would take.
public enum ProtobufError: UInt8, Error, Equatable, Sendable, CaseIterable {
    case truncated, varintTooLong, invalidFieldNumber, invalidWireType, unmatchedEndGroup, nestingTooDeep, invalidUTF8
}

/// What a valid payload holds for the forwarder: the inner `ReportBoundaryLogsRequest`, its envelope stripped.
public struct ScannedRequest: Equatable, Sendable {
    /// Audit logs, at least one.
    public var logCount: Int
    /// Bytes of the inner request. By the merge law it is the concatenation of the envelope's `logs` fields since the last `status`.
    public var byteCount: Int
    /// The range of the inner request within the payload when it lies in one piece (always for tag 1); else nil.
    public var piece: Range<Int>?
    /// Where the effective (last) `session_id` and `confined_process_name` lie, relative to the inner request; empty when absent.
    public var sessionID: Range<Int>
    public var processName: Range<Int>
}

public enum ScanResult: Equatable, Sendable {
    case logs(ScannedRequest)
    /// A `BoundaryStatus` for the drop counters; negative numbers as the client sent them.
    case status(droppedChannelFull: Int64, droppedBatchFull: Int64)
    /// Valid, and without a single log.
    case empty
    case invalid(ProtobufError)
}

public enum BoundaryScan {
    /// Validates a payload as protocol.md says and finds what the forwarder needs. One pass, no allocation.
    public static func scan(_ tag: FrameTag, _ payload: RawSpan) -> ScanResult { fatalError() }

    /// Copies the inner request of a payload that `scan` found valid; `destination` holds exactly `request.byteCount` bytes.
    public static func copyRequest(
        _ request: ScannedRequest, of payload: RawSpan, to destination: UnsafeMutableRawBufferPointer
    ) { fatalError() }
}

/// One decoded audit log; ranges are of the request it was read from. Fields merged as a conforming decoder merges them.
public struct LogView: Equatable, Sendable {
    public var allowed: Bool
    /// Whether `time` was sent; seconds and nanos as sent, unchecked.
    public var hasTime: Bool
    public var seconds: Int64
    public var nanos: Int32
    public var hasHTTPRequest: Bool
    public var method: Range<Int>
    public var url: Range<Int>
    public var matchedRule: Range<Int>
    public var sequenceNumber: Int32
}

/// Reads the logs of a valid inner request one by one.
public struct LogReader {
    public init() { fatalError() }
    /// The next log of `request`, the same bytes at every call.
    public mutating func next(in request: RawSpan) -> LogView? { fatalError() }
}

/// Writes logs as JSON lines (docs/protocol.md, "The JSON line").
public enum NDJSON {
    /// Appends one line per log of the valid inner `request`; only logs number `logs` of it when given.
    /// session and process are the effective values, ranges of `request`.
    public static func append(
        _ request: RawSpan, sessionID: Range<Int>, processName: Range<Int>, logs: Range<Int>?, to output: inout [UInt8]
    ) { fatalError() }
}

public enum RequestSlice {
    /// The byte ranges of `request` that, laid end to end, are a request with only the logs number `logs` and all other fields.
    public static func pieces(of request: RawSpan, logs: Range<Int>) -> [Range<Int>] { fatalError() }
}
