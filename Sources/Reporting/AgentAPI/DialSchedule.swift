import Pipeline

/// How a session, or the attempt to open one, ended.
enum SessionEnd: Equatable {
    /// An HTTP answer other than 101. `message`: the server's own words, redacted.
    case refused(status: Int, message: String, retryAfter: Duration?)
    /// No HTTP answer: the address could not be resolved or reached, TLS failed, the answer was no WebSocket's.
    case notReached(reason: String)
    /// An open session ended as it should: a close with code 1000 or 1001, an end of file, or go away with all calls finished.
    case closed(reason: String)
    /// An open session broke.
    case lost(reason: String)

    var reason: String {
        switch self {
        case .refused(let status, let message, _): message.isEmpty ? "coderd refuses the session: HTTP \(status)" : "coderd refuses the session: HTTP \(status): \(message)"
        case .notReached(let reason): "coderd cannot be reached: \(reason)"
        case .closed(let reason): "the session with coderd was closed: \(reason)"
        case .lost(let reason): "the session with coderd was lost: \(reason)"
        }
    }

    var cause: AgentAPIReporter.SessionChange.Cause {
        switch self {
        case .refused: .refused
        case .notReached: .notReached
        case .closed: .closed
        case .lost: .lost
        }
    }

    /// A session cannot be had until somebody does something about it.
    var isRefusal: Bool {
        guard case .refused(let status, _, _) = self else { return false }
        // 404 is also what an ingress says while coderd restarts behind it.
        return status < 500 && ![404, 408, 425, 429].contains(status)
    }
}

/// When to dial again: exponential backoff with full jitter, but at once after a clean end of a session that had proven itself, and
/// slowly where the server has refused for good. Sans-IO.
struct DialSchedule {
    /// A `Retry-After` of whatever stands in front of coderd counts so far.
    static let retryAfterMax = Duration.seconds(300)

    private let policy: RetryPolicy
    private let refusalDelay: Duration
    private var random: SeededRandom
    /// Ends in a row without a session that had proven itself.
    private(set) var failures = 0

    init(policy: RetryPolicy = RetryPolicy(), refusalDelay: Duration, seed: UInt64) {
        self.policy = policy
        self.refusalDelay = refusalDelay
        random = SeededRandom(seed: seed)
    }

    /// `proven`: the session has answered a call, or lasted. One that only opens and ends again must not be dialled in a circle.
    mutating func delay(after end: SessionEnd, proven: Bool) -> Duration {
        if proven { failures = 0 }
        if case .closed = end, proven { return .zero }
        failures += 1
        if end.isRefusal { return refusalDelay }
        guard case .refused(_, _, let retryAfter) = end else { return policy.delay(failures: failures, retryAfter: nil, using: &random) }
        return policy.delay(failures: failures, retryAfter: retryAfter.map { min($0, Self.retryAfterMax) }, using: &random)
    }
}
