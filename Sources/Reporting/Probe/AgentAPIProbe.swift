import EventLoop
import Wire

/// Opens a session with coderd as deliveries would, and says goodbye: what the token is worth, with no log and no call.
///
/// coderd takes several sessions of one agent, so that a daemon's is not touched. Confined to the loop's thread; ends within twice `timeout` and the time of a close.
public final class AgentAPIProbe {
    public enum Outcome: Sendable, Equatable {
        /// The token was accepted, and this version of the agent API.
        case opened(version: String)
        /// `reason`: coderd's words in one line, secrets masked.
        case refused(status: Int, reason: String)
        case notReached(reason: String)
    }

    private let multi: CurlMulti
    private let connection: AgentConnection
    private let configuration: WebSocketConfiguration
    private var outcome: Outcome?
    /// The goodbye: inside of the news that the session is open nothing is written.
    private var later: NextTurn?

    /// Throws what is wrong with the configuration; reads the token.
    public init(_ loop: EventLoop, _ configuration: AgentAPIReporterConfiguration, timeout: Duration) throws(ReportingError) {
        var webSocket = AgentAPIReporter.webSocketConfiguration(configuration, token: try AgentAPIReporter.readToken(configuration))
        webSocket.connectTimeout = timeout
        webSocket.upgradeTimeout = timeout
        try webSocket.validate()
        self.configuration = webSocket
        multi = CurlMulti(loop)
        connection = AgentConnection(loop, limits: AgentSessionLimits())
        later = NextTurn(loop) { [unowned self] in connection.abandon() }
    }

    /// `done` is called once, in a later turn, when nothing is left on the loop.
    public func start(_ done: @escaping (Outcome) -> Void) {
        do throws(ReportingError) {
            try connection.dial(
                multi, configuration,
                .init(
                    opened: { [self] in
                        outcome = .opened(version: AgentAPI.version)
                        later?.schedule()
                    },
                    callEnded: { _, _, _ in }, leaving: {},
                    ended: { [self] end in
                        close(outcome ?? Self.outcome(of: end), done)
                    }))
        } catch {
            close(.notReached(reason: error.description), done)
        }
    }

    private func close(_ outcome: Outcome, _ done: @escaping (Outcome) -> Void) {
        later?.close()
        later = nil
        multi.close { done(outcome) }
    }

    private static func outcome(of end: SessionEnd) -> Outcome {
        switch end {
        case .refused(let status, let message, _): .refused(status: status, reason: message)
        case .notReached(let reason), .closed(let reason), .lost(let reason): .notReached(reason: reason)
        }
    }
}
