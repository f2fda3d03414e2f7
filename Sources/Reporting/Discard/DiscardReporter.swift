import EventLoop
import Pipeline

/// Throws every delivery away and calls it delivered: what is left is what the proxy itself costs. For measuring (scripts/bench). Confined to the loop's thread.
public final class DiscardReporter: Reporter, ReporterStatisticsSource {
    /// As few deliveries as can be.
    public let traits = ReporterTraits(mixesSessions: true, inFlightMax: 64)
    public private(set) var statistics = ReporterStatistics()

    private let loop: EventLoop
    private var later: NextTurn?
    /// Of deliveries that end in the next turn.
    private var completions: [(DeliveryOutcome) -> Void] = []

    public init(_ loop: EventLoop) {
        self.loop = loop
        later = NextTurn(loop) { [unowned self] in finish(.delivered) }
    }

    deinit {
        assert(later == nil, "a DiscardReporter must be closed before it goes away")
    }

    public func bodyBytes(of batch: Batch) -> Int { batch.request.count }

    public func send(_ delivery: Delivery, completion: @escaping (DeliveryOutcome) -> Void) {
        guard let later else { preconditionFailure("nothing can be sent by a reporter that was closed") }
        statistics.bodyBytes += UInt64(delivery.batches.reduce(0) { $0 + $1.request.count })
        completions.append(completion)
        later.schedule()
    }

    /// Nothing is kept open.
    public func reopen() -> String? { nil }

    public func close(_ closed: @escaping () -> Void) {
        guard let later else { preconditionFailure("a DiscardReporter was closed twice") }
        later.close()
        self.later = nil
        var last: NextTurn?
        last = NextTurn(loop) { [self] in
            last?.close()
            last = nil
            finish(.transient(reason: "the reporter was closed", retryAfter: nil))
            closed()
        }
        last?.schedule()
    }

    private func finish(_ outcome: DeliveryOutcome) {
        let ended = completions
        completions.removeAll(keepingCapacity: true)
        statistics.attempts += UInt64(ended.count)
        if case .transient(let reason, _) = outcome, !ended.isEmpty {
            statistics.failures += UInt64(ended.count)
            statistics.lastErrorReason = reason
        }
        for completion in ended { completion(outcome) }
    }
}
