/// What a destination wants of the forwarder.
public struct ReporterTraits: Sendable {
    /// True if one delivery may hold batches of different sessions (JSON lines); false if each delivery is one session's (protobuf).
    public var mixesSessions: Bool
    /// Deliveries that it can have under way at once, at least 1; the forwarder uses the smaller of this and `in-flight-max`.
    public var inFlightMax: Int
    /// The largest request body that it takes, in bytes; the forwarder uses the smaller of this and `request-bytes-max`.
    public var requestBytesMax: Int
    public init(mixesSessions: Bool, inFlightMax: Int, requestBytesMax: Int = .max) {
        self.mixesSessions = mixesSessions
        self.inFlightMax = inFlightMax
        self.requestBytesMax = requestBytesMax
    }
}

/// A destination: takes deliveries and says how each attempt ended. Confined to the loop's thread.
public protocol Reporter: AnyObject {
    var traits: ReporterTraits { get }

    /// The bytes that `batch` takes in a request body, for `request-bytes-max`: exact for protobuf; for JSON lines somewhat more than the truth,
    /// unless methods, URLs and rules need escapes (up to six bytes for one). Called once or twice per batch; must not read its logs.
    func bodyBytes(of batch: Batch) -> Int

    /// Starts an attempt. `completion` is called exactly once, later, never inside this call, on the loop's thread.
    func send(_ delivery: Delivery, completion: @escaping (DeliveryOutcome) -> Void)

    /// Why it knows that a delivery would fail now, without an attempt; nil when it does not.
    var obstacle: String? { get }

    /// The end is near: what may be tried, is to be tried soon.
    func beginDrain()

    /// Opens files anew (SIGHUP), reads token files again. Deliveries under way go on. What could not be opened or read stays as it was, and
    /// is returned in words.
    func reopen() -> String?

    /// Nothing more will be sent: what is under way ends as it would, and what has not begun yet gets `.transient`. `close` follows when all have ended.
    func retire()

    /// Gives up what is under way (each completion gets `.transient`), frees everything; `closed` is called when no handle is left.
    func close(_ closed: @escaping () -> Void)
}

extension Reporter {
    public var obstacle: String? { nil }
    public func beginDrain() {}
    public func retire() {}
}
