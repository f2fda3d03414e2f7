import Pipeline

/// What a status means for a delivery (issue 2, item 3).
enum HTTPOutcome {
    /// `reason` begins with the status. `retryAfter` counts only where trying again does.
    static func of(status: Int, reason: String, retryAfter: Duration?) -> DeliveryOutcome {
        switch status {
        case 200..<300: .delivered
        case 413: .tooLarge(reason: reason)
        case 408, 425, 429, 500...: .transient(reason: reason, retryAfter: retryAfter)
        case 400..<500: .rejected(reason: reason)
        // 1xx as a final answer and 3xx: the address is wrong, not the logs. They wait until it is put right.
        default: .transient(reason: reason, retryAfter: retryAfter)
        }
    }
}
