import Pipeline
import Wire

/// What an answer means for a delivery by OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response).
enum OTLPOutcome {
    /// Of a failure. The specification's retryable statuses are tried again, no others; a 413 is answered by smaller requests, not by the same one.
    static func of(status: Int, reason: String, retryAfter: Duration?) -> DeliveryOutcome {
        switch status {
        case 413: .tooLarge(reason: reason)
        case 429, 502, 503, 504: .transient(reason: reason, retryAfter: retryAfter)
        case 400...: .rejected(reason: reason)
        // As with any HTTP server: the address is wrong, not the logs. They wait until it is put right.
        default: .transient(reason: reason, retryAfter: retryAfter)
        }
    }

    /// Of a success, perhaps a partial one: what is rejected is not tried again. A message without rejected records is a warning of the server's.
    static func of(_ answer: OTLPAnswer, logs: Int, filtered: Int, redaction: Redaction) -> DeliveryOutcome {
        let message = answer.message.isEmpty ? nil : redaction.excerpt(answer.message)
        let rejected = Int(clamping: min(max(answer.rejectedLogRecords, 0), Int64(logs)))
        guard rejected > 0 || filtered > 0 || message != nil else { return .delivered }
        return .partly(rejected: rejected, filtered: filtered, reason: message)
    }
}
