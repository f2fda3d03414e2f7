import SwiftProtobuf

public typealias OracleRequest = Coder_Agent_V2_ReportBoundaryLogsRequest
public typealias OracleLog = Coder_Agent_V2_BoundaryLog
public typealias OracleMessage = Coder_Boundarylogproxy_Codec_V1_BoundaryMessage
public typealias OracleStatus = Coder_Boundarylogproxy_Codec_V1_BoundaryStatus

/// swift-protobuf's reading of a payload. README.md lists where it is not Go's.
public enum ProtobufOracle {
    /// nil when swift-protobuf refuses the bytes.
    public static func request(_ bytes: [UInt8]) -> OracleRequest? {
        try? OracleRequest(serializedBytes: bytes)
    }

    public static func message(_ bytes: [UInt8]) -> OracleMessage? {
        try? OracleMessage(serializedBytes: bytes)
    }

    /// Only what the schema knows, at every level.
    public static func requestWithoutUnknownFields(_ bytes: [UInt8]) -> OracleRequest? {
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        return try? OracleRequest(serializedBytes: bytes, options: options)
    }

    public static func serialized(_ request: OracleRequest) -> [UInt8] {
        // In-memory messages of these types have no way to fail.
        (try? request.serializedBytes()) ?? []
    }

    public static func serialized(_ message: OracleMessage) -> [UInt8] {
        (try? message.serializedBytes()) ?? []
    }

    /// protobuf's own JSON of one log; its keys are not those of our lines.
    public static func json(_ log: OracleLog) -> [UInt8] {
        (try? log.jsonUTF8Bytes()) ?? []
    }
}
