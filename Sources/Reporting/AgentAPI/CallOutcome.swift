import Pipeline
import Wire

/// What a call's failure means for the delivery.
enum CallOutcome {
    /// Above this a request that coderd hangs up on again may be too large for it.
    static let doubtfulBytes = 1 << 20

    static func of(_ failure: CallFailure, bodyBytes: Int, attempt: Int, callTimeout: Duration, refusalDelay: Duration, redaction: Redaction) -> DeliveryOutcome {
        switch failure {
        case .rpc(let code, let text):
            let said = "coderd answers: \(redaction.excerpt(text.utf8)) (code \(code))"
            // Errors of Go's protobuf begin so, whatever went wrong; the same request would fail again.
            if text.hasPrefix("proto:") { return .rejected(reason: said) }
            // A coderd without this method has to be replaced first.
            let isUnknown = text.contains("unknown rpc")
            return .transient(reason: said, retryAfter: isUnknown ? refusalDelay : nil)
        case .streamClosed where bodyBytes > doubtfulBytes && attempt > 1:
            return .tooLarge(reason: "coderd closed the stream of a request of \(bodyBytes) bytes without an answer")
        case .streamClosed: return .transient(reason: "coderd closed the stream without an answer", retryAfter: nil)
        case .streamReset: return .transient(reason: "coderd reset the stream of the call", retryAfter: nil)
        case .timedOut: return .transient(reason: "coderd did not answer within \(callTimeout)", retryAfter: nil)
        case .cancelled, .sessionEnded: return .transient(reason: "the session with coderd ended before the answer came", retryAfter: nil)
        }
    }

    static func cause(_ failure: CallFailure) -> AgentAPIStatus.CallFailureCause {
        switch failure {
        case .rpc: .error
        case .timedOut: .timeout
        case .streamReset, .streamClosed: .reset
        case .cancelled, .sessionEnded: .session
        }
    }
}
