/// A token bucket: so many bytes a second, and one second's worth (64 KiB at least, so that ordinary frames come whole) at once after a quiet time.
///
/// Sans-IO: the owner says what time it is. All that is kept of a bucket is when it will be full again.
struct RateLimit: Equatable {
    struct Bucket: Equatable {
        /// In the loop's nanoseconds.
        fileprivate(set) var fullAt: UInt64 = 0
    }

    static let capacityLeast = 64 << 10
    /// What a pause lasts for: reading goes on when there is so much again, or a tenth of a second's worth.
    private static let refillLeast = 4 << 10

    let bytesPerSecond: Int
    let capacity: Int
    private let refill: Int
    private let nanosecondsPerByte: Double

    init(bytesPerSecond: Int) {
        self.bytesPerSecond = bytesPerSecond
        capacity = max(bytesPerSecond, Self.capacityLeast)
        refill = max(bytesPerSecond / 10, Self.refillLeast)
        nanosecondsPerByte = 1e9 / Double(bytesPerSecond)
    }

    /// Bytes that may be read now.
    func available(_ bucket: Bucket, now: UInt64) -> Int {
        guard bucket.fullAt > now else { return capacity }
        return max(0, capacity - Int((Double(bucket.fullAt - now) / nanosecondsPerByte).rounded(.up)))
    }

    /// `count` were read; not more than were available.
    func take(_ count: Int, from bucket: inout Bucket, now: UInt64) {
        bucket.fullAt = max(bucket.fullAt, now) + UInt64(Double(count) * nanosecondsPerByte)
    }

    /// When an empty bucket has enough again for reading to be worth a wake-up.
    func resumption(_ bucket: Bucket) -> UInt64 {
        let missing = UInt64(Double(capacity - refill) * nanosecondsPerByte)
        return bucket.fullAt - min(bucket.fullAt, missing)
    }
}
