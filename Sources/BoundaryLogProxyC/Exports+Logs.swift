public import CBoundaryLogProxy
import Pipeline
import Reporting

@c @implementation
public func blp_complete(_ token: blp_token, _ outcome: CInt, _ retry_after_ms: UInt64, _ reason: UnsafePointer<CChar>?) -> CInt {
    answer { () throws(APIError) in
        guard outcome == BLP_RETRY.rawValue || retry_after_ms == 0 else {
            throw APIError(BLP_E_INVALID, "retry_after_ms is for BLP_RETRY")
        }
        guard retry_after_ms <= 86_400_000 else { throw APIError(BLP_E_INVALID, "retry_after_ms is more than a day (86400000)") }
        let words = try reason.map { pointer throws(APIError) in try text(pointer, "reason") } ?? "the program gave no reason"
        let result: DeliveryOutcome
        switch UInt32(bitPattern: outcome) {
        case BLP_DELIVERED.rawValue: result = .delivered
        case BLP_RETRY.rawValue:
            result = .transient(reason: words, retryAfter: retry_after_ms == 0 ? nil : .milliseconds(Int64(retry_after_ms)))
        case BLP_REJECT.rawValue: result = .rejected(reason: words)
        case BLP_TOO_LARGE.rawValue: result = .tooLarge(reason: words)
        default: throw APIError(BLP_E_INVALID, "outcome is \(outcome), which is none of enum blp_outcome")
        }
        guard CallbackReporter.complete(token, with: result) else {
            throw APIError(BLP_E_TOKEN, "token \(token) is not under way: completed already, timed out, or its proxy has stopped")
        }
    }
}

@c @implementation
public func blp_submit(_ proxy: OpaquePointer?, _ tag: CInt, _ payload: UnsafeRawPointer?, _ length: Int) -> CInt {
    answer { () throws(APIError) in
        let hosted = try hosted(proxy)
        guard payload != nil || length == 0 else { throw .isNull("payload") }
        // size_t: what is beyond Int's range comes as a negative number.
        guard length >= 0, length <= BLP_PAYLOAD_BYTES_MAX else {
            throw APIError(BLP_E_INVALID, "length is \(UInt(bitPattern: length)), above BLP_PAYLOAD_BYTES_MAX (\(BLP_PAYLOAD_BYTES_MAX))")
        }
        try hosted.submit(tag: tag, UnsafeRawBufferPointer(start: payload, count: length))
    }
}
