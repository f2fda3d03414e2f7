import EventLoop
import Pipeline
import Wire

/// One session with coderd on the loop, from its dial to its end: joins the WebSocket to the session's state machine, and to its clock.
///
/// Confined to the loop's thread. Between calls it has one timer, for the next keep-alive ping.
final class AgentConnection: WebSocketClientDelegate {
    /// What comes of it; all are called in turns of their own, never inside `begin` or `dial`.
    struct Handlers {
        var opened: () -> Void
        var callEnded: (CallID, CallFailure?, CallExtent) -> Void
        /// No new calls from now on: those under way are finished, then `ended` comes.
        var leaving: () -> Void
        /// Once, last: no handle is left. All calls have ended before.
        var ended: (SessionEnd) -> Void
    }

    private let loop: EventLoop
    private var handlers: Handlers?
    private let bodies = CallBodies()
    private var webSocket: WebSocketClient?
    private var session: AgentSession
    private let limits: AgentSessionLimits
    private var timer: Timer?
    /// Known before the transport has ended.
    private var end: SessionEnd?
    private(set) var isOpen = false
    private var openedAt: Duration = .zero
    private var hasAnswered = false

    init(_ loop: EventLoop, limits: AgentSessionLimits) {
        self.loop = loop
        self.limits = limits
        session = AgentSession(limits: limits, now: .zero)
    }

    var statistics: AgentSessionStatistics { session.statistics }
    var callsInFlight: Int { session.callsInFlight }

    /// Whether the session was of use, so that the next one may be dialled without caution.
    var isProven: Bool { hasAnswered || isOpen && now - openedAt >= Self.provingTime }
    /// A session that stays open so long is taken for sound although it answered no call.
    private static let provingTime = Duration.seconds(30)

    private var now: Duration { .nanoseconds(Int64(clamping: loop.now)) }

    /// Throws what is wrong with the configuration; nothing was begun then.
    func dial(_ multi: CurlMulti, _ configuration: WebSocketConfiguration, _ handlers: Handlers) throws(ReportingError) {
        let webSocket = try WebSocketClient(loop, multi, configuration, delegate: self)
        self.handlers = handlers
        timer = Timer(loop) { [unowned self] in
            // After a pause of the process or the machine, answers may lie there that came in time.
            self.webSocket?.receiveWaiting()
            session.advance(now: now)
            settle()
        }
        self.webSocket = webSocket
        webSocket.open()
    }

    /// False when the session takes no calls (any more).
    func begin(_ call: CallID, pieces: [UnsafeRawBufferPointer]) -> Bool {
        guard isOpen else { return false }
        do throws(CallRefusal) {
            try session.begin(
                call, method: AgentAPI.reportBoundaryLogs, bodyByteCount: pieces.reduce(0) { $0 + $1.count }, now: now)
        } catch {
            settle()
            return false
        }
        bodies.add(pieces, for: call)
        settle()
        return true
    }

    /// Ends calls and connection now: the pieces of the calls are not read any more. `ended` comes in a later turn.
    func abandon() {
        session.end()
        drainEvents()
        webSocket?.hangUp()
    }

    // MARK: After everything that happens

    private func settle() {
        drainEvents()
        if session.hasOutput { webSocket?.flush() }
        if let deadline = session.nextDeadline { timer?.start(after: deadline - now) } else { timer?.stop() }
    }

    private func drainEvents() {
        while let event = session.nextEvent() {
            switch event {
            case .callSucceeded(let call):
                hasAnswered = true
                bodies.remove(call)
                handlers?.callEnded(call, nil, .message)
            case .callFailed(let call, let failure, let extent):
                bodies.remove(call)
                handlers?.callEnded(call, failure, extent)
            case .goAwayReceived: handlers?.leaving()
            case .drained:
                end = end ?? .closed(reason: "coderd went away, and the calls under way are finished")
                webSocket?.close()
            case .sessionFailed(let error):
                end = end ?? .lost(reason: "\(error)")
                webSocket?.hangUp()
            }
        }
    }

    // MARK: Called by the WebSocket

    func webSocketOpened() {
        isOpen = true
        openedAt = now
        session = AgentSession(limits: limits, now: now)
        handlers?.opened()
        settle()
    }

    func webSocketReceived(_ bytes: RawSpan) {
        session.receive(bytes, now: now)
        settle()
    }

    func webSocketProduce(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard session.hasOutput else { return 0 }
        var output = OutputRawSpan(buffer: buffer, initializedCount: 0)
        session.produce(into: &output, from: bodies)
        return output.finalize(for: buffer)
    }

    func webSocketEnded(_ webSocketEnd: WebSocketEnd) {
        let end = end ?? sessionEnd(webSocketEnd)
        session.end()
        drainEvents()
        timer?.close()
        timer = nil
        webSocket = nil
        let handlers = handlers
        self.handlers = nil
        handlers?.ended(end)
        isOpen = false
    }

    private func sessionEnd(_ end: WebSocketEnd) -> SessionEnd {
        switch end {
        case .refused(let refusal): .refused(status: refusal.status, message: refusal.text, retryAfter: refusal.retryAfter)
        case .connectFailed(let reason): .notReached(reason: reason)
        // Going away and normal: the end of a stream (RFC 6455, section 7.4.1). coderd says no more of what it does not like.
        case .closed(let code, let reason) where code == nil || code == 1000 || code == 1001:
            .closed(reason: Self.text(code, reason))
        case .closed(let code, let reason): .lost(reason: Self.text(code, reason))
        case .endOfFile: isOpen ? .closed(reason: "end of file") : .notReached(reason: "the server hung up")
        case .protocolError(let reason), .transport(let reason): isOpen ? .lost(reason: reason) : .notReached(reason: reason)
        }
    }

    private static func text(_ code: Int?, _ reason: String) -> String {
        "WebSocket close \(code.map { "\($0)" } ?? "without a code")" + (reason.isEmpty ? "" : ": \(reason)")
    }
}
