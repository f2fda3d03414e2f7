/// Counters of a reporter since it was made; read on the loop's thread.
public struct ReporterStatistics: Sendable, Equatable {
    /// Attempts that ended.
    public var attempts: UInt64 = 0
    /// Body bytes that went out (HTTP: as on the wire, compressed) or were written, in attempts that failed too.
    public var bodyBytes: UInt64 = 0
    /// Attempts that did not end in `.delivered`.
    public var failures: UInt64 = 0
    /// HTTP only: connections made.
    public var connectionsOpened: UInt64 = 0
    /// HTTP only: attempts that ended without a status.
    public var transportErrors: UInt64 = 0
    /// HTTP only: answers by status, which is held within 0...999.
    public var responses: [Int: UInt64] = [:]
    /// HTTP only: version of the last answer, 10 for 1.0, 11, 20; 0 before the first.
    public var httpVersion = 0
    /// Of the last failure; stays when attempts succeed again.
    public var lastErrorReason: String?

    public init() {}

    /// With what an earlier reporter counted for the same destination.
    public func adding(_ earlier: ReporterStatistics) -> ReporterStatistics {
        var sum = self
        sum.attempts += earlier.attempts
        sum.bodyBytes += earlier.bodyBytes
        sum.failures += earlier.failures
        sum.connectionsOpened += earlier.connectionsOpened
        sum.transportErrors += earlier.transportErrors
        sum.responses.merge(earlier.responses) { $0 + $1 }
        if sum.httpVersion == 0 { sum.httpVersion = earlier.httpVersion }
        if sum.lastErrorReason == nil { sum.lastErrorReason = earlier.lastErrorReason }
        return sum
    }
}

/// A reporter whose counters the metrics show.
public protocol ReporterStatisticsSource: AnyObject {
    var statistics: ReporterStatistics { get }
}
