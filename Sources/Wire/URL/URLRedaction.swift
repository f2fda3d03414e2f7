/// What is taken out of URLs before they leave.
public struct URLRedaction: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// All behind the first `?` becomes `REDACTED`.
    public static var query: URLRedaction { URLRedaction(rawValue: 1) }
    /// User and password become `REDACTED:REDACTED`, as the semantic conventions have it
    /// (https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/).
    public static var userInfo: URLRedaction { URLRedaction(rawValue: 2) }
}

/// A URL as it may leave: two pieces of it, with a text behind each from which something was taken.
struct RedactedURL {
    private(set) var first: Range<Int>
    private(set) var second: Range<Int>
    private var isWithoutUserInfo = false
    private var isWithoutQuery = false

    /// Nothing of it is taken out.
    init(_ url: Range<Int>) {
        first = url
        second = url.upperBound..<url.upperBound
    }

    init(_ url: Range<Int>, _ parts: URLParts, _ redaction: URLRedaction) {
        self.init(url)
        var end = url.upperBound
        if redaction.contains(.query), !parts.query.isEmpty {
            isWithoutQuery = true
            end = parts.query.lowerBound
            first = url.lowerBound..<end
        }
        second = end..<end
        guard redaction.contains(.userInfo), !parts.userInfo.isEmpty else { return }
        isWithoutUserInfo = true
        first = url.lowerBound..<parts.userInfo.lowerBound
        second = parts.userInfo.upperBound..<end
    }

    /// By how much it can be longer than the URL was: for a user or a query of one byte.
    static var bytesMoreMax: Int { 23 }

    var afterFirst: StaticString { isWithoutUserInfo ? "REDACTED:REDACTED" : "" }
    var afterSecond: StaticString { isWithoutQuery ? "REDACTED" : "" }

    var byteCount: Int { first.count &+ afterFirst.utf8CodeUnitCount &+ second.count &+ afterSecond.utf8CodeUnitCount }

    @inline(__always)
    func append(_ bytes: RawSpan, to output: inout ByteWriter) {
        output.append(bytes, first)
        // Mostly nothing is taken out.
        guard isWithoutUserInfo || isWithoutQuery else { return }
        output.append(afterFirst)
        output.append(bytes, second)
        output.append(afterSecond)
    }
}
