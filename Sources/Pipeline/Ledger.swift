/// Logs and the batches (frames with at least one log) that carried them.
public struct Tally: Equatable, Sendable {
    public var logs: UInt64
    public var batches: UInt64

    public init(logs: UInt64 = 0, batches: UInt64 = 0) {
        self.logs = logs
        self.batches = batches
    }

    static func += (tally: inout Tally, other: Tally) {
        tally.logs += other.logs
        tally.batches += other.batches
    }

    static func -= (tally: inout Tally, other: Tally) {
        tally.logs -= other.logs
        tally.batches -= other.batches
    }

    static func + (a: Tally, b: Tally) -> Tally { Tally(logs: a.logs + b.logs, batches: a.batches + b.batches) }

    /// What there is more of than in `other`; nothing where there is less.
    public func exceeding(_ other: Tally) -> Tally {
        Tally(logs: logs - min(logs, other.logs), batches: batches - min(batches, other.batches))
    }
}

/// Why the proxy dropped a log that it had received. The raw values are the `reason` labels of the metrics.
public enum DropReason: String, Sendable, CaseIterable {
    /// The ring was full.
    case bufferFull = "buffer_full"
    /// The destination refused it for good.
    case forwardFailed = "forward_failed"
    /// It still waited, or was not acknowledged, when the drain's time was up, and could not be spooled.
    case shutdown
    /// It was in a spool that was damaged.
    case spoolDamaged = "spool_damaged"
    /// Someone purged the spool.
    case purged
    /// The configuration keeps it from the destination.
    case filtered
}

/// The account of every log that a destination was owed. At every moment
///
///     received + recovered = delivered + dropped(by reason) + waiting + spooled + inFlight
///
/// in logs and in batches. All changes go through the methods below, each of which keeps the balance or moves both sides.
public struct Ledger: Equatable, Sendable {
    public private(set) var received = Tally()
    /// Found in the spool: a process before this one received it.
    public private(set) var recovered = Tally()
    public private(set) var delivered = Tally()
    public private(set) var droppedBufferFull = Tally()
    public private(set) var droppedForwardFailed = Tally()
    public private(set) var droppedShutdown = Tally()
    public private(set) var droppedSpoolDamaged = Tally()
    public private(set) var droppedPurged = Tally()
    public private(set) var droppedFiltered = Tally()
    /// In the ring.
    public private(set) var waiting = Tally()
    /// In the spool, and not in flight.
    public private(set) var spooled = Tally()
    public private(set) var inFlight = Tally()

    public init() {}

    /// The account of two destinations together.
    public static func + (a: Ledger, b: Ledger) -> Ledger {
        var sum = a
        for tally in [
            \Ledger.received, \.recovered, \.delivered, \.droppedBufferFull, \.droppedForwardFailed, \.droppedShutdown, \.droppedSpoolDamaged, \.droppedPurged,
            \.droppedFiltered, \.waiting, \.spooled, \.inFlight,
        ] as [WritableKeyPath<Ledger, Tally>] { sum[keyPath: tally] += b[keyPath: tally] }
        return sum
    }

    public func dropped(_ reason: DropReason) -> Tally {
        switch reason {
        case .bufferFull: droppedBufferFull
        case .forwardFailed: droppedForwardFailed
        case .shutdown: droppedShutdown
        case .spoolDamaged: droppedSpoolDamaged
        case .purged: droppedPurged
        case .filtered: droppedFiltered
        }
    }

    /// Dropped for any reason.
    public var dropped: Tally { DropReason.allCases.reduce(Tally()) { $0 + dropped($1) } }

    /// Dropped, but for what the configuration keeps from the destination.
    public var lost: Tally { dropped.exceeding(droppedFiltered) }

    public var balances: Bool { received + recovered == delivered + dropped + waiting + spooled + inFlight }

    /// A batch arrived and waits.
    mutating func receive(_ tally: Tally) {
        received += tally
        waiting += tally
    }

    /// A batch arrived and was not kept.
    mutating func refuse(_ tally: Tally, _ reason: DropReason) {
        received += tally
        add(tally, to: reason)
    }

    /// Waiting batches were given up.
    mutating func dropWaiting(_ tally: Tally, _ reason: DropReason) {
        waiting -= tally
        add(tally, to: reason)
    }

    /// Waiting batches went under way.
    mutating func start(_ tally: Tally) {
        waiting -= tally
        inFlight += tally
    }

    /// What was under way was acknowledged.
    mutating func deliver(_ tally: Tally) {
        inFlight -= tally
        delivered += tally
    }

    /// What was under way was given up.
    mutating func dropInFlight(_ tally: Tally, _ reason: DropReason) {
        inFlight -= tally
        add(tally, to: reason)
    }

    // MARK: The spool

    /// Waiting batches are in the spool for good.
    mutating func spool(_ tally: Tally) {
        waiting -= tally
        spooled += tally
    }

    /// What is under way when the process ends stays in the spool.
    mutating func spoolInFlight(_ tally: Tally) {
        inFlight -= tally
        spooled += tally
    }

    /// The spool holds what this process did not put there.
    mutating func recover(_ tally: Tally) {
        recovered += tally
        spooled += tally
    }

    /// Taken out of the spool for a delivery.
    mutating func load(_ tally: Tally) {
        spooled -= tally
        inFlight += tally
    }

    mutating func dropSpooled(_ tally: Tally, _ reason: DropReason) {
        spooled -= tally
        add(tally, to: reason)
    }

    private mutating func add(_ tally: Tally, to reason: DropReason) {
        switch reason {
        case .bufferFull: droppedBufferFull += tally
        case .forwardFailed: droppedForwardFailed += tally
        case .shutdown: droppedShutdown += tally
        case .spoolDamaged: droppedSpoolDamaged += tally
        case .purged: droppedPurged += tally
        case .filtered: droppedFiltered += tally
        }
    }
}
