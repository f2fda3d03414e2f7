import BoundaryLogProxy
import EventLoop
import Logging

/// One run of a proxy, on its loop. Confined to the loop's thread: what other threads want comes as a `Command`.
final class LoopSide {
    enum Command: Sendable {
        case stop
        case stopNow
        case reopen
        case metrics(Question<String>)
    }

    let loop: EventLoop
    private let proxy: ProxyServer
    private let figures: Lock<Figures?>
    private let stopped: () -> Void
    private(set) var commands: Mailbox<Command>!

    /// Listens. `figures` is kept up to date from the end of each turn; `stopped` is called once, from the loop, when nothing of the proxy is left on it.
    init(
        _ loop: EventLoop, _ configuration: Configuration, _ callbacks: HostCallbacks, figures: Lock<Figures?>, stopped: @escaping () -> Void
    ) throws(StartFailure) {
        self.loop = loop
        self.figures = figures
        self.stopped = stopped
        let logger = callbacks.logger(level: configuration.logLevel, format: configuration.logFormat)
        for warning in configuration.warnings { logger.warning("\(warning)") }
        var embedding = Embedding()
        embedding.report = callbacks.reportHandler
        embedding.takesSubmissions = true
        proxy = try ProxyServer(configuration, loop: loop, logger: logger, embedding: embedding)
        do {
            // The proxy is kept by this, which is kept by the mailbox's handler until the end.
            commands = try Mailbox(loop) { command in self.obey(command) }
        } catch {
            proxy.stop {}
            proxy.stopNow()
            throw StartFailure("\(error)")
        }
        proxy.onTurn = { [unowned self] in publish() }
        publish()
        logger.notice(
            "listening", metadata: ["socket": "\(configuration.socketPath)", "reporter": "\(configuration.reporter.rawValue)"])
    }

    var submissions: SubmissionQueue? { proxy.submissions }

    var metricsText: String { proxy.metricsText }

    private func publish() {
        let now = Figures(proxy.snapshot)
        figures.withLock { $0 = now }
    }

    private func obey(_ command: Command) {
        switch command {
        case .stop:
            proxy.stop { [self] in
                publish()
                commands.close()
                stopped()
            }
        case .stopNow: proxy.stopNow()
        case .reopen: proxy.reopen()
        case .metrics(let question): question.answer(metricsText)
        }
    }
}
