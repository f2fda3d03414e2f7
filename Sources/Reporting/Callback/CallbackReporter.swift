import EventLoop
import Pipeline

/// Hands each delivery to the program that embeds the proxy, which answers through the delivery's token, now or later, on any thread. Confined to the
/// loop's thread, but for `complete`.
///
/// An answer that does not come within the timeout is given up for: the attempt is `.transient`, its token void.
public final class CallbackReporter: Reporter, ReporterStatisticsSource {
    /// Called on the loop's thread; must not block.
    public typealias Handler = (CallbackReport) -> Void

    /// As many as may be asked for (`in-flight-max`).
    public let traits = ReporterTraits(mixesSessions: false, inFlightMax: 64)
    public private(set) var statistics = ReporterStatistics()

    private struct Attempt {
        var completion: (DeliveryOutcome) -> Void
        var timer: Timer
    }

    private let loop: EventLoop
    private let timeout: Duration
    private var handler: Handler?
    private var underWay: [UInt64: Attempt] = [:]
    private var answers: Mailbox<CallbackTokens.Answer>!
    /// A request whose pieces do not lie in one place; used again.
    private var joined: [UInt8] = []

    /// Fails when the process has no descriptor left.
    public init(_ loop: EventLoop, timeout: Duration, _ handler: @escaping Handler) throws(ReportingError) {
        self.loop = loop
        self.timeout = timeout
        self.handler = handler
        do {
            answers = try Mailbox(loop) { [unowned self] answer in
                finish(answer.token, answer.outcome)
            }
        } catch {
            throw .system(attempt: "make a mailbox", reason: error.reason)
        }
    }

    deinit {
        assert(handler == nil || answers == nil, "a CallbackReporter must be closed before it goes away")
    }

    /// Ends the attempt of `token`, from any thread; false, and no effect, when it has ended already: completed before, timed out, or its proxy stopped.
    /// True means that the answer was taken: a proxy whose drain ends in this very moment may still count the logs as dropped.
    public static func complete(_ token: UInt64, with outcome: DeliveryOutcome) -> Bool {
        CallbackTokens.complete(token, with: outcome)
    }

    public func bodyBytes(of batch: Batch) -> Int { batch.request.count }

    public func send(_ delivery: Delivery, completion: @escaping (DeliveryOutcome) -> Void) {
        guard let handler, let batch = delivery.batches.first else { preconditionFailure("nothing can be sent by a reporter that was closed") }
        let token = CallbackTokens.issue(answersTo: answers)
        let timer = Timer(loop) { [unowned self] in
            // An answer that was taken counts, also when its message has yet to come: libuv calls timers first.
            guard CallbackTokens.revoke(token) else { return }
            finish(token, .transient(reason: "the program has not answered within the call timeout", retryAfter: nil))
        }
        underWay[token] = Attempt(completion: completion, timer: timer)
        timer.start(after: timeout)
        withRequest(of: delivery) { request in
            statistics.bodyBytes += UInt64(request.count)
            handler(CallbackReport(
                token: token, session: .init(rebasing: batch.request[batch.sessionID]), process: .init(rebasing: batch.request[batch.processName]),
                logCount: delivery.logCount, request: request, key: delivery.key, attempt: delivery.attempt))
        }
    }

    /// Nothing is kept open, nothing is read from files.
    public func reopen() -> String? { nil }

    public func close(_ closed: @escaping () -> Void) {
        guard handler != nil else { preconditionFailure("a CallbackReporter was closed twice") }
        handler = nil
        var last: NextTurn?
        last = NextTurn(loop) { [self] in
            last?.close()
            last = nil
            for token in underWay.keys.sorted() {
                CallbackTokens.revoke(token)
                finish(token, .transient(reason: "the reporter was closed", retryAfter: nil))
            }
            answers.close()
            closed()
        }
        last?.schedule()
    }

    private func finish(_ token: UInt64, _ outcome: DeliveryOutcome) {
        guard let attempt = underWay.removeValue(forKey: token) else { return }
        attempt.timer.close()
        statistics.attempts += 1
        if case .transient(let reason, _) = outcome {
            statistics.failures += 1
            statistics.lastErrorReason = reason
        }
        attempt.completion(outcome)
    }

    /// One piece, which is what a lone batch is, is handed on where it lies.
    private func withRequest(of delivery: Delivery, _ body: (UnsafeRawBufferPointer) -> Void) {
        let pieces = DeliveryContent.protobufPieces(of: delivery)
        if pieces.count == 1 { return body(pieces[0]) }
        joined.removeAll(keepingCapacity: joined.capacity <= Self.keptBytesMax)
        joined.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
        for piece in pieces { joined.append(contentsOf: piece) }
        joined.withUnsafeBytes(body)
    }

    /// Of `joined`, between deliveries.
    private static let keptBytesMax = 1 << 20
}
