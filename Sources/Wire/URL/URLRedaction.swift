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

/// A URL as it may leave: two pieces of it, each with a text behind it.
struct RedactedURL {
    private(set) var first: Range<Int>
    private(set) var afterFirst: StaticString = ""
    private(set) var second: Range<Int>
    private(set) var afterSecond: StaticString = ""

    /// Nothing of it is taken out.
    init(_ url: Range<Int>) {
        first = url
        second = url.upperBound..<url.upperBound
    }

    init(_ url: Range<Int>, _ parts: URLParts, _ redaction: URLRedaction) {
        self.init(url)
        var end = url.upperBound
        if redaction.contains(.query), !parts.query.isEmpty {
            end = parts.query.lowerBound
            first = url.lowerBound..<end
            afterSecond = "REDACTED"
        }
        second = end..<end
        guard redaction.contains(.userInfo), !parts.userInfo.isEmpty else { return }
        first = url.lowerBound..<parts.userInfo.lowerBound
        afterFirst = "REDACTED:REDACTED"
        second = parts.userInfo.upperBound..<end
    }

    var byteCount: Int { first.count &+ afterFirst.utf8CodeUnitCount &+ second.count &+ afterSecond.utf8CodeUnitCount }

    @inline(__always)
    func append(_ bytes: RawSpan, to output: inout OutputRawSpan) {
        output.append(bytes, first)
        output.append(afterFirst)
        output.append(bytes, second)
        output.append(afterSecond)
    }
}
