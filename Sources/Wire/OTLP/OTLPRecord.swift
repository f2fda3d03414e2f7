/// What one audit log says as an OpenTelemetry log record (docs/otlp.md). Ranges are of the request.
struct OTLPRecord {
    /// Since 1970; 0, "unknown" in OTLP, for what was not sent or does not fit.
    let timeUnixNano: UInt64
    let observedTimeUnixNano: UInt64
    let allowed: Bool
    let method: Range<Int>
    /// Whether the semantic conventions know it; others are `http.request.method_original`.
    let isKnownMethod: Bool
    let url: RedactedURL
    let domain: Range<Int>
    let path: Range<Int>
    let rule: Range<Int>
    let sessionID: Range<Int>
    let processName: Range<Int>
    let sequenceNumber: Int32

    @inline(__always)
    init(
        _ log: LogView, _ request: RawSpan, sessionID: Range<Int>, processName: Range<Int>, observed: UInt64, redaction: URLRedaction
    ) {
        timeUnixNano = Self.time(log)
        observedTimeUnixNano = observed
        allowed = log.allowed
        method = log.method
        isKnownMethod = Self.isKnown(request, log.method)
        let parts = URLParts(request, log.url)
        url = redaction.isEmpty ? RedactedURL(log.url) : RedactedURL(log.url, parts, redaction)
        domain = parts.host
        path = parts.path
        rule = log.matchedRule
        self.sessionID = sessionID
        self.processName = processName
        sequenceNumber = log.sequenceNumber
    }

    var severityNumber: UInt8 { allowed ? 9 : 13 }
    var severityText: StaticString { allowed ? "INFO" : "WARN" }
    var decision: StaticString { allowed ? "allow" : "deny" }
    /// The body is this, the method, a space, and the URL.
    var bodyStart: StaticString { allowed ? "ALLOW " : "DENY " }

    private static func time(_ log: LogView) -> UInt64 {
        guard log.hasTime, log.seconds >= 0, (0..<1_000_000_000).contains(log.nanos) else { return 0 }
        let (product, overflow) = UInt64(log.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(UInt64(log.nanos))
        return overflow || carry ? 0 : sum
    }

    /// RFC 9110's methods and PATCH (https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/).
    private static func isKnown(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        guard range.count >= 3, range.count <= 7 else { return false }
        switch bytes.bigEndian(range) {
        case 0x47_4554, 0x50_5554, 0x4845_4144, 0x504F_5354, 0x50_4154_4348, 0x54_5241_4345, 0x4445_4C45_5445, 0x43_4F4E_4E45_4354,
            0x4F_5054_494F_4E53:
            return true
        default: return false
        }
    }
}
