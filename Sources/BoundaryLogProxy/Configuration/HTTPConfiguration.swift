/// How an HTTP destination is spoken to.
public struct HTTPConfiguration: Sendable {
    /// Set whenever the reporter is `http`.
    public var url: HTTPURL?
    public var format = HTTPFormat.protobuf
    public var headers: [HTTPHeader] = []
    public var tokenFile: String?
    public var compression = HTTPCompression.none
    public var caFile: String?
    /// Set if and only if `clientKey` is.
    public var clientCertificate: String?
    public var clientKey: String?
    public var timeout = Duration.seconds(30)
}
