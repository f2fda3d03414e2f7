/// An answer that is not 101: the server is there, and wants no WebSocket from us.
public struct UpgradeRefusal: Equatable, Sendable {
    /// 200 ... 999.
    public var status: Int
    /// Fields as they came; nil when there was none.
    public var retryAfter: String?
    public var location: String?
    /// Transfer coding undone; at most `UpgradeReader.bodyBytesMax`.
    public var body: [UInt8]
    /// More followed.
    public var isCut: Bool

    public init(status: Int, retryAfter: String? = nil, location: String? = nil, body: [UInt8], isCut: Bool) {
        self.status = status
        self.retryAfter = retryAfter
        self.location = location
        self.body = body
        self.isCut = isCut
    }
}

/// Why an answer to an upgrade request cannot be used. RFC 6455, section 4.1, asks to fail the connection for each.
public enum UpgradeError: Error, Equatable, Sendable, CustomStringConvertible {
    case noAnswer
    case cutShort
    case headTooLong
    case notHTTP
    /// A line of the head, without its content.
    case malformedField
    /// `Upgrade` is not `websocket`.
    case upgrade
    /// `Connection` lacks `upgrade`.
    case connection
    /// `Sec-WebSocket-Accept` is not the answer to our key.
    case accept
    /// An extension or subprotocol that was not asked for.
    case unasked

    public var description: String {
        switch self {
        case .noAnswer: "the server hung up without answering the WebSocket upgrade"
        case .cutShort: "the server hung up in the middle of its answer to the WebSocket upgrade"
        case .headTooLong: "the head of the answer to the WebSocket upgrade is longer than \(UpgradeReader.headBytesMax) bytes"
        case .notHTTP: "the answer to the WebSocket upgrade is not HTTP/1.1"
        case .malformedField: "the answer to the WebSocket upgrade has a malformed header line"
        case .upgrade: "the answer to the WebSocket upgrade does not say \"Upgrade: websocket\""
        case .connection: "the answer to the WebSocket upgrade does not say \"Connection: upgrade\""
        case .accept: "the answer to the WebSocket upgrade has a wrong Sec-WebSocket-Accept"
        case .unasked: "the answer to the WebSocket upgrade names an extension or subprotocol that was not asked for"
        }
    }
}
