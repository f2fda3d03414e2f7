/// A violation of DRPC by the server, which ends the session.
public enum DRPCError: Error, Equatable, Sendable {
    /// A varint of more than ten bytes.
    case varintTooLong
    /// A frame's ids are 0, below those before it, or those of a packet that was complete.
    case idNotRising(stream: UInt64, message: UInt64)
    /// Frames of one packet with different kinds.
    case kindChanged(from: UInt8, to: UInt8)
    /// Over `DRPCPacketReader.messageBytesMax`, or `errorBytesMax` if it is an error.
    case packetTooLong(kind: UInt8, byteCount: UInt64)
    /// A kind that does not exist, or that servers do not send, without the control bit.
    case unexpectedKind(UInt8)
    /// A packet for a call that was not made yet.
    case unknownCall(stream: UInt64)
    /// An answer to a request of which the server cannot have the whole message.
    case answeredEarly
    /// A second answer to one call.
    case answeredTwice
}

extension DRPCError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .varintTooLong: "DRPC: a varint of more than ten bytes"
        case .idNotRising(let stream, let message): "DRPC: frame ids that do not rise (stream \(stream), message \(message))"
        case .kindChanged(let from, let to): "DRPC: a packet of kind \(from) goes on as kind \(to)"
        case .packetTooLong(let kind, let byteCount): "DRPC: a packet of kind \(kind) with \(byteCount) bytes or more"
        case .unexpectedKind(let kind): "DRPC: a packet of kind \(kind), which servers do not send"
        case .unknownCall(let stream): "DRPC: a packet for call \(stream), which was not made"
        case .answeredEarly: "DRPC: an answer before the request was sent"
        case .answeredTwice: "DRPC: a second answer to one call"
        }
    }
}
