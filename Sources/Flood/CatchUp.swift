/// How deliveries went after an outage of the sink: when all that had been sent before its end was there, and when logs arrived as quickly as before.
/// Times in nanoseconds since 1970, as in the logs.
struct CatchUp: Equatable, Sendable {
    /// Logs arrive as usual again when none in an interval of this length is late.
    private static let interval: UInt64 = 100_000_000

    let outageEnd: UInt64
    /// Twice the 99th percentile before the outage, in microseconds; nil when nothing had arrived before it.
    let usualLatencyMax: UInt64?
    /// The last arrival of a log from before the end of the outage.
    private(set) var backlogArrived: UInt64?
    private(set) var usualSince: UInt64?
    private var intervalStart: UInt64
    private var isLate = false

    init(outageEnd: UInt64, usualLatencyMax: UInt64?) {
        self.outageEnd = outageEnd
        self.usualLatencyMax = usualLatencyMax
        intervalStart = outageEnd
        isLate = true
    }

    mutating func note(time: UInt64, arrival: UInt64, microseconds: UInt64) {
        if time <= outageEnd { backlogArrived = arrival }
        guard let usualLatencyMax, usualSince == nil else { return }
        if arrival >= intervalStart + Self.interval {
            if !isLate { usualSince = intervalStart }
            intervalStart = arrival
            isLate = false
        }
        if microseconds > usualLatencyMax { isLate = true }
    }

    /// No more logs come.
    mutating func finish() {
        if usualLatencyMax != nil, usualSince == nil, !isLate { usualSince = intervalStart }
    }

    /// From the end of the outage until all that had been sent by then had arrived; nil when nothing was left.
    var backlogSeconds: Double? { backlogArrived.map { Double($0 - min(outageEnd, $0)) / 1e9 } }
    /// From the end of the outage until logs arrived as quickly as before; nil when that did not happen, or nobody knows how quick that was.
    var usualSeconds: Double? { usualSince.map { Double($0 - outageEnd) / 1e9 } }
}
