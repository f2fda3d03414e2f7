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
}

/// Why the proxy dropped a log that it had received. The raw values are the `reason` labels of the metrics.
public enum DropReason: String, Sendable, CaseIterable {
    /// The ring was full.
    case bufferFull = "buffer_full"
    /// The destination refused it for good.
    case forwardFailed = "forward_failed"
    /// It still waited, or was not acknowledged, when the drain's time was up.
    case shutdown
}

/// The account of every log that a destination was owed. At every moment
///
///     received = delivered + dropped(by reason) + waiting + inFlight
///
/// in logs and in batches. All changes go through the methods below, each of which keeps the balance or moves both sides.
public struct Ledger: Equatable, Sendable {
    public private(set) var received = Tally()
    public private(set) var delivered = Tally()
    public private(set) var droppedBufferFull = Tally()
    public private(set) var droppedForwardFailed = Tally()
    public private(set) var droppedShutdown = Tally()
    public private(set) var waiting = Tally()
    public private(set) var inFlight = Tally()

    public init() {}

    public func dropped(_ reason: DropReason) -> Tally {
        switch reason {
        case .bufferFull: droppedBufferFull
        case .forwardFailed: droppedForwardFailed
        case .shutdown: droppedShutdown
        }
    }

    /// Dropped for any reason.
    public var dropped: Tally { droppedBufferFull + droppedForwardFailed + droppedShutdown }

    public var balances: Bool { received == delivered + dropped + waiting + inFlight }

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

    private mutating func add(_ tally: Tally, to reason: DropReason) {
        switch reason {
        case .bufferFull: droppedBufferFull += tally
        case .forwardFailed: droppedForwardFailed += tally
        case .shutdown: droppedShutdown += tally
        }
    }
}
