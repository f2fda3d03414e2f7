/// One whole request.
public struct HTTPServerRequest: Sendable {
    /// As sent, e.g. `GET`.
    public var method: String
    /// Decoded, without the query.
    public var path: String
    /// Decoded; of a name that comes twice the last value, and an empty one for a name without.
    public var query: [String: String]
    /// Names in lower case; the values of a name that comes twice are joined by ", ".
    public var headers: [String: String]
    public var body: [UInt8]
}
