import EventLoop
internal import Glibc
import Pipeline
import Wire

/// Delivers to coderd's agent API: each delivery is one call of ReportBoundaryLogs, in one session that is kept open and used again.
///
/// The session is opened when the reporter is made, without waiting for a first log, so that what is wrong with it shows at once; when it is lost it
/// is opened anew, by `DialSchedule`. While there is none, deliveries fail as transient until the next dial; during a dial they wait for it.
/// coderd does not tell a log that comes twice, so that nothing is sent twice but what a lost session left without an answer.
///
/// Confined to the loop's thread. An idle session costs a ping each 30 seconds.
public final class AgentAPIReporter: Reporter {
    /// Requests are held below what coderd takes, with room for the frames around them.
    public static let requestBytesMax = AgentSession.requestBytesMax - (64 << 10)
    /// Calls side by side, at most.
    public static let inFlightMax = 64

    public let traits: ReporterTraits
    /// coderd's address, fit for logs.
    public let destination: String

    /// What happened to the session, for logs.
    public enum SessionChange: Sendable {
        public enum Cause: Sendable {
            /// An orderly end.
            case closed
            case lost
            case notReached
            case refused
        }

        /// `again`: not for the first time.
        case opened(again: Bool)
        /// A session, or an attempt at one, ended; the next dial comes after `redialIn`.
        case ended(Cause, reason: String, redialIn: Duration)
    }
    public var onSessionChange: ((SessionChange) -> Void)?

    private struct Call {
        var delivery: Delivery
        /// Of its body; they lie in the ring until the delivery is settled.
        var pieces: [UnsafeRawBufferPointer]
        var completion: (DeliveryOutcome) -> Void
    }

    private let loop: EventLoop
    private let configuration: AgentAPIReporterConfiguration
    private let multi: CurlMulti
    private var connection: AgentConnection?
    private var schedule: DialSchedule
    private var redial: Timer?
    /// For outcomes that are known inside `send`, which may not call back.
    private var later: NextTurn?
    private var token: String
    /// What the last dial showed.
    private var dialToken: String
    private let baseRedaction: Redaction
    private var redaction: Redaction
    private var state = AgentAPIStatus()
    /// What sessions that have ended add to the counters.
    private var pastBytes: (sent: UInt64, received: UInt64) = (0, 0)
    /// Wait for the dial, or the end of a session that is leaving.
    private var waiting: [Call] = []
    private var underWay: [CallID: Call] = [:]
    private var nextCall: UInt64 = 1
    private var hasOpened = false
    /// Why there is no session: what deliveries are told meanwhile. Nil after an orderly end: nothing is known against a delivery then.
    private var problem: SessionEnd?
    private var isDraining = false
    /// No session is opened any more.
    private var isRetired = false
    private var refused: [(completion: (DeliveryOutcome) -> Void, outcome: DeliveryOutcome)] = []
    private var onClosed: (() -> Void)?

    /// Checks the configuration and reads the token; dials in the loop's first turn.
    public init(_ loop: EventLoop, _ configuration: AgentAPIReporterConfiguration, seed: UInt64) throws(ReportingError) {
        self.loop = loop
        self.configuration = configuration
        token = try Self.readToken(configuration)
        destination = HTTPReporterConfiguration.masked(url: configuration.url)
        try Self.webSocketConfiguration(configuration, token: token).validate()
        dialToken = token
        baseRedaction = Redaction(headers: configuration.headers, url: try ReportURL(configuration.url))
        var redaction = baseRedaction
        redaction.hide(token)
        self.redaction = redaction
        schedule = DialSchedule(refusalDelay: configuration.refusalRetryDelay, seed: seed)
        let callsMax = min(max(configuration.callsInFlightMax, 1), Self.inFlightMax)
        traits = ReporterTraits(mixesSessions: false, inFlightMax: callsMax, requestBytesMax: Self.requestBytesMax)
        multi = CurlMulti(loop)
        redial = Timer(loop) { [unowned self] in dial() }
        later = NextTurn(loop) { [unowned self] in reportRefused() }
        enter(.waiting)
        redial?.start(after: .zero)
    }

    public func bodyBytes(of batch: Batch) -> Int { batch.request.count }

    // MARK: Deliveries

    public func send(_ delivery: Delivery, completion: @escaping (DeliveryOutcome) -> Void) {
        let call = Call(delivery: delivery, pieces: DeliveryContent.protobufPieces(of: delivery), completion: completion)
        guard onClosed == nil else { return refuse(call, .transient(reason: "the reporter was closed", retryAfter: nil)) }
        if begin(call) { return }
        switch state.state {
        case .dialing, .open, .leaving: waiting.append(call)
        case .waiting, .closed:
            guard let problem else {
                // The first dial is about to begin, or the last session had an orderly end.
                waiting.append(call)
                redial?.start(after: .zero)
                return
            }
            refuse(call, .transient(reason: problem.reason, retryAfter: untilNextDial))
        }
    }

    private func begin(_ call: Call) -> Bool {
        guard let connection else { return false }
        let id = CallID(nextCall)
        nextCall += 1
        underWay[id] = call
        if connection.begin(id, pieces: call.pieces) { return true }
        underWay[id] = nil
        return false
    }

    private func refuse(_ call: Call, _ outcome: DeliveryOutcome) {
        refused.append((call.completion, outcome))
        later?.schedule()
    }

    private func reportRefused() {
        let now = refused
        refused = []
        for (completion, outcome) in now { completion(outcome) }
    }

    private func callEnded(_ id: CallID, _ failure: CallFailure?, _ extent: CallExtent) {
        if let failure {
            state.callsFailed[CallOutcome.cause(failure), default: 0] += 1
            if case .rpc = failure {} else if extent == .message { state.callsPerhapsDelivered += 1 }
        } else {
            state.callsSucceeded += 1
        }
        // Not there once `close` has begun.
        guard let call = underWay.removeValue(forKey: id) else { return }
        guard let failure else { return call.completion(.delivered) }
        call.completion(
            CallOutcome.of(
                failure, bodyBytes: call.pieces.reduce(0) { $0 + $1.count }, attempt: call.delivery.attempt, callTimeout: configuration.callTimeout, refusalDelay: configuration.refusalRetryDelay,
                redaction: redaction))
    }

    // MARK: Sessions

    private func dial() {
        guard connection == nil, onClosed == nil, !isRetired else { return }
        // Perhaps it was rewritten since; one that cannot be read leaves the old one, and what that leads to is said.
        readTokenAgain()
        dialToken = token
        enter(.dialing)
        state.dials += 1
        var limits = AgentSessionLimits()
        limits.callsInFlightMax = traits.inFlightMax
        limits.callTimeout = configuration.callTimeout
        let connection = AgentConnection(loop, limits: limits)
        self.connection = connection
        do throws(ReportingError) {
            try connection.dial(
                multi, Self.webSocketConfiguration(configuration, token: token),
                .init(
                    opened: { [unowned self] in opened() },
                    callEnded: { [unowned self] id, failure, extent in callEnded(id, failure, extent) },
                    leaving: { [unowned self] in enter(.leaving) },
                    ended: { [unowned self] end in ended(end) }))
        } catch {
            // Good at the start, and not any more: a certificate's file that is gone.
            ended(.notReached(reason: error.description))
        }
    }

    private static func webSocketConfiguration(_ configuration: AgentAPIReporterConfiguration, token: String) -> WebSocketConfiguration {
        WebSocketConfiguration(
            url: AgentAPI.sessionURL(configuration.url),
            headers: configuration.headers + [.init(name: AgentAPI.tokenHeader, value: token)],
            tls: TLSOptions(
                caFile: configuration.caFile, clientCertificateFile: configuration.clientCertificateFile,
                clientKeyFile: configuration.clientKeyFile),
            userAgent: configuration.userAgent)
    }

    private func opened() {
        enter(.open)
        problem = nil
        state.version = AgentAPI.version
        if hasOpened { state.reconnects += 1 }
        onSessionChange?(.opened(again: hasOpened))
        hasOpened = true
        let calls = waiting
        waiting = []
        for call in calls where !begin(call) { waiting.append(call) }
    }

    private func ended(_ end: SessionEnd) {
        guard let connection else { return }
        pastBytes.sent += connection.statistics.bytesSent
        pastBytes.received += connection.statistics.bytesReceived
        let (wasOpen, proven) = (connection.isOpen, connection.isProven)
        self.connection = nil
        state.version = nil
        if onClosed != nil { return closeMulti() }
        if !wasOpen { state.dialsFailed += 1 }
        var end = end
        var delay = schedule.delay(after: end, proven: proven)
        if isDraining { delay = min(delay, Self.drainDialDelayMax) }
        if case .refused(status: 401, let message, let retryAfter) = end {
            let obstacle = readTokenAgain()
            // A token that was rewritten meanwhile deserves a try at once.
            if token != dialToken { delay = .zero }
            if let obstacle { end = .refused(status: 401, message: "\(message) (\(obstacle))", retryAfter: retryAfter) }
        }
        state.lastError = end.reason
        problem = end.cause == .closed ? nil : end
        enter(.waiting, for: delay)
        onSessionChange?(.ended(end.cause, reason: end.reason, redialIn: delay))
        if delay == .zero {
            dial()
        } else {
            redial?.start(after: delay)
            let calls = waiting
            waiting = []
            for call in calls { call.completion(.transient(reason: end.reason, retryAfter: untilNextDial)) }
        }
    }

    private func enter(_ new: AgentAPIStatus.State, for duration: Duration? = nil) {
        state.state = new
        state.stateSince = loop.now
        state.nextDial = duration.map { loop.now + UInt64(clamping: $0.wholeNanoseconds) }
    }

    private var untilNextDial: Duration? {
        state.nextDial.map { .nanoseconds(Int64(clamping: $0 - min($0, loop.now))) }
    }

    /// While draining no dial waits longer than this: there is little time.
    private static let drainDialDelayMax = Duration.seconds(1)

    public func beginDrain() {
        isDraining = true
        guard !isRetired else { return }
        if state.state == .waiting, onClosed == nil { redial?.start(after: .zero) }
    }

    // MARK: The token

    /// A token that cannot be read leaves the one that there is; why, is returned.
    @discardableResult
    private func readTokenAgain() -> String? {
        do throws(ReportingError) {
            token = try Self.readToken(configuration)
            redaction = baseRedaction
            redaction.hide(token)
            // It may still turn up in what a server says.
            redaction.hide(dialToken)
            return nil
        } catch { return error.description }
    }

    private static func readToken(_ configuration: AgentAPIReporterConfiguration) throws(ReportingError) -> String {
        if let file = configuration.tokenFile { return try TokenFile.read(file) }
        guard let token = configuration.token else { throw .contradiction("coderd needs a token, and neither a token nor a token file was given") }
        return try TokenFile.check(token, source: "the token (CODER_AGENT_TOKEN)")
    }

    /// Reads the token file again. While there is no session, dials at once.
    public func reopen() -> String? {
        if state.state == .waiting, onClosed == nil { redial?.start(after: .zero) }
        return readTokenAgain()
    }

    // MARK: Looking

    public var status: AgentAPIStatus {
        var status = state
        status.callsInFlight = underWay.count
        status.bytesSent = pastBytes.sent + (connection?.statistics.bytesSent ?? 0)
        status.bytesReceived = pastBytes.received + (connection?.statistics.bytesReceived ?? 0)
        return status
    }

    /// Why nothing can be delivered now; nil while a session is open, or after an orderly end of one.
    public var obstacle: String? { problem?.reason ?? (hasOpened ? nil : "no session with coderd yet") }

    // MARK: The end

    /// Calls that have been written go on, and the session with them; what waits for a session does not.
    public func retire() {
        redial?.stop()
        isRetired = true
        let calls = waiting
        waiting = []
        for call in calls { refuse(call, .transient(reason: "the settings of the destination have changed", retryAfter: nil)) }
    }

    /// Calls under way are cut off, and may have arrived all the same; their pieces are not read from then on. Their completions come in a later turn,
    /// before `closed`.
    public func close(_ closed: @escaping () -> Void) {
        precondition(onClosed == nil, "an AgentAPIReporter was closed twice")
        onClosed = closed
        redial?.close()
        redial = nil
        let abandoned = waiting + underWay.values
        waiting = []
        underWay = [:]
        refused += abandoned.map { ($0.completion, .transient(reason: "the reporter was closed", retryAfter: nil)) }
        enter(.closed)
        if let connection { connection.abandon() } else { closeMulti() }
    }

    private func closeMulti() {
        multi.close { [self] in
            later?.close()
            later = nil
            reportRefused()
            onClosed?()
            onClosed = {}
        }
    }
}
