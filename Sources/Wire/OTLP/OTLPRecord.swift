/// What one audit log says as an OpenTelemetry log record (docs/otlp.md). Ranges are of the request.
struct OTLPRecord {
    /// Filled in place, as is the rest: a copy of a hundred bytes that were just written costs more than to write them.
    var log = LogView()
    private(set) var parts = URLParts()
    /// Set when something may be taken out of the URL.
    private(set) var redacted: RedactedURL?
    private(set) var urlByteCount = 0
    /// Whether the semantic conventions know it; others are `http.request.method_original`.
    private(set) var isKnownMethod = false

    /// Finds what is to be known of `log`.
    @inline(__always)
    mutating func analyse(_ request: RawSpan, _ redaction: URLRedaction) {
        parts.read(request, log.url)
        isKnownMethod = Self.isKnown(request, log.method)
        urlByteCount = log.url.byteCount
        if redaction.isEmpty { redacted = nil } else { redact(redaction) }
    }

    @inline(never)
    private mutating func redact(_ redaction: URLRedaction) {
        let url = RedactedURL(log.url, parts, redaction)
        redacted = url
        urlByteCount = url.byteCount
    }

    /// Changes nothing: what is called with a copy of the whole would make one.
    @inline(__always)
    mutating func appendURL(_ request: RawSpan, to output: inout ByteWriter) {
        if let redacted { redacted.append(request, to: &output) } else { output.append(request, log.url) }
    }

    /// Of the log's own strings in its record: method and URL are there twice.
    var stringBytes: Int { 2 &* (log.method.byteCount &+ urlByteCount) &+ parts.host.byteCount &+ parts.path.byteCount &+ log.matchedRule.byteCount }

    /// Since 1970; 0, "unknown" in OTLP, for what was not sent or does not fit.
    var timeUnixNano: UInt64 { Self.time(log) }
    var decision: StaticString { log.allowed ? "allow" : "deny" }
    /// The body is this, the method, a space, and the URL.
    var bodyStart: StaticString { log.allowed ? "ALLOW " : "DENY " }

    private static func time(_ log: LogView) -> UInt64 {
        guard log.hasTime, log.seconds >= 0, (0..<1_000_000_000).contains(log.nanos) else { return 0 }
        let (product, overflow) = UInt64(log.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(UInt64(log.nanos))
        return overflow || carry ? 0 : sum
    }

    /// RFC 9110's methods and PATCH (https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/).
    private static func isKnown(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        // A leading NUL would not be seen in the number.
        guard range.byteCount >= 3, range.byteCount <= 7, bytes.byte(at: range.lowerBound) != 0 else { return false }
        switch bytes.bigEndian(range) {
        case 0x47_4554, 0x50_5554, 0x4845_4144, 0x504F_5354, 0x50_4154_4348, 0x54_5241_4345, 0x4445_4C45_5445, 0x43_4F4E_4E45_4354,
            0x4F_5054_494F_4E53:
            return true
        default: return false
        }
    }
}
