/// One decoded audit log; ranges are of the request it was read from. Fields merged as a conforming decoder merges them.
public struct LogView: Equatable, Sendable {
    public var allowed = false
    /// Whether `time` was sent; seconds and nanos as sent, unchecked.
    public var hasTime = false
    public var seconds: Int64 = 0
    public var nanos: Int32 = 0
    public var hasHTTPRequest = false
    public var method = 0..<0
    public var url = 0..<0
    public var matchedRule = 0..<0
    public var sequenceNumber: Int32 = 0

    public init() {}
}
