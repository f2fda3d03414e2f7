/// The requests that the sink acknowledged, by Idempotency-Key: a digest of each, so that one that comes again is compared at 24 bytes a key.
struct AnsweredRequests: Sendable {
    private struct Answered: Sendable {
        var digest: Int
        var receivedAt: UInt64
        var answeredAt: UInt64
    }

    private var requests: [String: Answered] = [:]

    func contains(_ key: String) -> Bool { requests[key] != nil }

    /// Notes that `body` (decompressed) was acknowledged. A request that came again is returned, with 0 logs.
    mutating func note(_ key: String, _ body: [UInt8], receivedAt: UInt64, answeredAt: UInt64) -> Resend? {
        var hasher = Hasher()
        body.withUnsafeBytes { hasher.combine(bytes: $0) }
        let digest = hasher.finalize()
        let former = requests.updateValue(Answered(digest: digest, receivedAt: receivedAt, answeredAt: answeredAt), forKey: key)
        return former.map {
            Resend(
                logs: 0, formerReceivedAt: $0.receivedAt, formerAnsweredAt: $0.answeredAt, receivedAt: receivedAt, isSameContent: $0.digest == digest)
        }
    }
}
