import Histogram

/// All that a sink has acknowledged, log by log. Kept by the sink's thread, judged when it has ended.
public struct DeliveryRecord: Sendable {
    /// One log as it arrived.
    struct Log {
        var session: SessionID
        var sequence: Int32
        /// Nanoseconds since 1970.
        var time: UInt64
    }

    public internal(set) var sessions: [SessionRecord] = []
    /// Arrivals, duplicates included.
    public internal(set) var logs = 0
    public internal(set) var duplicates = 0
    public internal(set) var outOfOrder = 0
    /// Sequence numbers that no session can have: forwarded from a malformed frame, for instance.
    public internal(set) var impossible = 0
    /// Logs without a session, or whose method, URL, rule or verdict are not what was sent.
    public internal(set) var damaged = 0
    public internal(set) var bytes = 0
    public internal(set) var requests = 0
    public private(set) var refused503 = 0
    public private(set) var refused413 = 0
    /// Requests that cannot be read; answered 400.
    public internal(set) var unreadable = 0
    public private(set) var withoutKey = 0
    /// Requests whose Idempotency-Key had been acknowledged before.
    public private(set) var repeatedKeys = 0
    /// From the client's write to the arrival, in microseconds.
    public internal(set) var latency = Histogram<UInt64>(highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: .three)
    /// Monotonic nanoseconds of the first and the last arrival.
    public internal(set) var firstArrival: UInt64?
    public internal(set) var lastArrival: UInt64?

    /// Requests that came again, in the order in which they did.
    public internal(set) var resends: [Resend] = []
    /// Logs that arrived again in a request of another key, or of none.
    public var duplicatesOfOtherKeys: Int { duplicates - resends.reduce(0) { $0 + $1.logs } }
    /// nil without an outage that ended.
    private(set) var catchUp: CatchUp?

    /// Why the sink could not do its work, in words; the stand-in for coderd has its own.
    var failure: String?
    /// What only the stand-in for coderd knows; nil for the HTTP sink.
    public internal(set) var coder: CoderRecord?

    private var indexes: [SessionID: Int] = [:]
    private var lastIndex: Int?
    private var latencyRun: (microseconds: UInt64, count: UInt64) = (0, 0)
    /// `CatchUp.usualLatencyMax` as of the beginning of the outage.
    private var usualLatencyMax: UInt64?

    public init() {}

    mutating func beganRequest(bytes: Int, now: UInt64) {
        requests += 1
        self.bytes += bytes
        firstArrival = firstArrival ?? now
        lastArrival = now
    }

    mutating func noteRefusal(status: Int) {
        switch status {
        case 503:
            if refused503 == 0 { noteUsualLatency() }
            refused503 += 1
        case 413: refused413 += 1
        default: unreadable += 1
        }
    }

    mutating func noteKey(missing: Bool, repeated: Bool) {
        if missing { withoutKey += 1 }
        if repeated { repeatedKeys += 1 }
    }

    mutating func noteDamaged() {
        logs += 1
        damaged += 1
    }

    /// nil: a damaged one.
    mutating func note(_ logs: [Log?], arrival: UInt64) {
        for log in logs { if let log { note(log, arrival: arrival) } else { noteDamaged() } }
    }

    mutating func note(_ log: Log, arrival: UInt64) {
        logs += 1
        let index = index(of: log.session)
        switch sessions[index].note(log.sequence) {
        case .first: break
        case .duplicate: duplicates += 1
        case .outOfOrder: outOfOrder += 1
        case .impossible: impossible += 1
        }
        let microseconds = arrival > log.time ? (arrival - log.time) / 1000 : 0
        catchUp?.note(time: log.time, arrival: arrival, microseconds: microseconds)
        // The logs of a message share their time, so that one entry serves them all.
        if microseconds == latencyRun.microseconds {
            latencyRun.count += 1
        } else {
            flushLatency()
            latencyRun = (microseconds, 1)
        }
    }

    mutating func finish() {
        flushLatency()
        catchUp?.finish()
    }

    /// The sink works again since `wall`, in nanoseconds since 1970.
    mutating func noteOutageEnd(wall: UInt64) { catchUp = CatchUp(outageEnd: wall, usualLatencyMax: usualLatencyMax) }

    /// A session that was recorded elsewhere.
    mutating func add(_ session: SessionRecord) {
        indexes[session.id] = sessions.count
        sessions.append(session)
    }

    public func session(_ id: SessionID) -> SessionRecord? { indexes[id].map { sessions[$0] } }

    private mutating func noteUsualLatency() {
        flushLatency()
        if latency.totalCount > 0 { usualLatencyMax = 2 * latency.valueAtPercentile(99) }
    }

    private mutating func flushLatency() {
        guard latencyRun.count > 0 else { return }
        _ = latency.record(min(latencyRun.microseconds, 3_600_000_000), count: latencyRun.count)
        latencyRun.count = 0
    }

    private mutating func index(of id: SessionID) -> Int {
        if let lastIndex, sessions[lastIndex].id == id { return lastIndex }
        let index: Int
        if let known = indexes[id] {
            index = known
        } else {
            index = sessions.count
            indexes[id] = index
            sessions.append(SessionRecord(id: id))
        }
        lastIndex = index
        return index
    }
}
