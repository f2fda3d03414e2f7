import BoundaryLogProxy
import EventLoop
import Logging

/// One run of a proxy, on its loop. Confined to the loop's thread: what other threads want comes through `commands`.
final class LoopSide {
    let loop: EventLoop
    let commands: Commands
    private let proxy: ProxyServer
    private let figures: Lock<Figures?>
    private let stopped: () -> Void

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
        do {
            commands = try Commands(loop)
        } catch {
            throw StartFailure("\(error)")
        }
        do {
            proxy = try ProxyServer(configuration, loop: loop, logger: logger, embedding: embedding)
        } catch {
            commands.close()
            throw error
        }
        // The proxy is kept by this, which is kept by the commands until the end.
        commands.begin { wishes in self.fulfil(wishes) }
        proxy.onTurn = { [unowned self] in publish() }
        publish()
        logger.notice(
            "listening", metadata: ["socket": "\(configuration.socketPath ?? "none")", "reporter": "\(configuration.reporterNames)"])
    }

    var submissions: SubmissionQueue? { proxy.submissions }

    var metricsText: String { proxy.metricsText }

    private func publish() {
        let now = Figures(proxy.snapshot)
        figures.withLock { $0 = now }
    }

    private func fulfil(_ wishes: Commands.Wishes) {
        for question in wishes.questions { question.answer(metricsText) }
        if wishes.reopen { proxy.reopen() }
        if wishes.stop {
            proxy.stop { [self] in
                publish()
                commands.close()
                stopped()
            }
        }
        if wishes.stopNow { proxy.stopNow() }
    }
}
