/// A violation of the framing, after which a connection cannot be resynchronised.
public enum FramingError: Error, Equatable, Sendable {
    case unknownTag(UInt8)
    /// The length in bytes that the header claims, over `FrameDecoder.payloadBytesMax`.
    case payloadTooLong(Int)
}
