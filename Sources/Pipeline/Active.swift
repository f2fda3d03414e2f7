/// A delivery that is under way, or waits for its first or next attempt.
struct Active {
    enum Origin { case ring, spool }

    /// What the spool has of it.
    enum Disk {
        case nothing
        /// All of it, under its key.
        case whole(SpoolClaim)
        /// It is a half, or less, of a delivery that the spool has whole.
        case part(SpoolClaim)
    }

    var delivery: Delivery
    /// As `Reporter.bodyBytes` counts them.
    var bodyBytes: Int
    var origin: Origin
    /// When the oldest batch of it arrived.
    var oldest: Instant
    /// A failure then or later is its end. nil: never.
    var givesUpAt: Instant?
    var disk = Disk.nothing
    /// Of a part: the logs of what the spool has that go before its own.
    var logsBefore = 0
    var isOnlyInMemory: Bool { if case .nothing = disk { true } else { false } }
    var isStored: Bool { if case .whole = disk { true } else { false } }
    /// A job that stores it is under way.
    var isBeingStored = false
    /// A process before this one may have sent it: it goes under its key once more, in one piece, if it may have gone so.
    var mayHaveArrived = false
    /// Of the session of what came from the spool, or was formed while others are on their way; nil when it has several.
    var sessionHash: Int?
    var isOnWire = false
    /// The destination found it too large.
    var mustBeSplit = false
    /// `failures` when the last attempt began.
    var failuresBefore: UInt64 = 0
}

/// Rows of the spool that deliveries hold by one key.
final class SpoolClaim {
    let key: String
    /// Deliveries that it covers: more than one when what it was made for has been split.
    var parts = 1

    init(key: String) { self.key = key }
}
