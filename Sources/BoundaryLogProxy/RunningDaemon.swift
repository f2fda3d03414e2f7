import EventLoop
import Glibc
import Logging

/// A proxy with what steers it from outside: signals, and the service manager that wants to know how it is.
///
/// As process 1 of a container it is no different: a signal has no default there, but those that matter are watched for; and it starts no processes, so that there are
/// none to be reaped.
final class RunningDaemon {
    private let proxy: ProxyServer
    private let passed: PassedSocket?
    private let logger: Logger
    private let surroundings: Daemon.Surroundings
    private let manager: ServiceManager?
    private var watchers: [SignalWatcher] = []
    private var isReady = false
    private var isStopping = false
    private(set) var exitCode = Daemon.ExitCode.clean

    init(_ configuration: Configuration, _ passed: PassedSocket?, _ loop: EventLoop, _ logger: Logger, _ surroundings: Daemon.Surroundings) throws {
        self.passed = passed
        self.logger = logger
        self.surroundings = surroundings
        manager = ServiceManager(loop, environment: surroundings.environment, logger: logger)
        do {
            proxy = try ProxyServer(configuration, loop: loop, logger: logger, passed: passed)
        } catch {
            manager?.close()
            throw error
        }
        do { try watch(loop) } catch {
            for watcher in watchers { watcher.close() }
            manager?.close()
            proxy.stop {}
            proxy.stopNow()
            throw error
        }
        // Nobody will read what is still to come: the drain would only wait.
        proxy.onDestinationGone = { [unowned self] in
            if !isStopping { stop("standard output is closed") }
            proxy.stopNow()
        }
        if let manager {
            manager.statusText = { [unowned self] in ServiceStatus.text(proxy.snapshot, isReady: isReady, isStopping: isStopping) }
            proxy.onTurn = { [unowned self] in turnEnded(manager) }
            loop.turnSoon()
        }
        surroundings.confine(configuration)
        var metadata: Logger.Metadata = ["socket": "\(configuration.socketPath ?? "none")", "reporter": "\(configuration.reporterNames)"]
        if passed != nil { metadata["passed"] = "by the service manager" }
        logger.notice("listening", metadata: metadata)
    }

    private func watch(_ loop: EventLoop) throws {
        for (signal, name) in [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")] {
            watchers.append(try SignalWatcher(loop, signal: signal) { [unowned self] in askedToStop(name) })
        }
        watchers.append(try SignalWatcher(loop, signal: SIGHUP) { [unowned self] in reload() })
    }

    // MARK: The service manager

    private func turnEnded(_ manager: ServiceManager) {
        if !isReady, !isStopping, proxy.hasLookedIntoSpool {
            isReady = true
            manager.ready()
        }
        manager.turnEnded()
    }

    // MARK: The end

    private func askedToStop(_ name: String) {
        if proxy.isSpoolHanging {
            // The ledger cannot be closed; whoever asks twice does not want to wait for a disk.
            logger.critical("\(name) again: ending although the spool's disk does not answer")
            _exit(Daemon.ExitCode.lostLogs)
        } else if isStopping {
            logger.notice("\(name) again: the drain is cut short")
            proxy.stopNow()
        } else {
            stop(name)
        }
    }

    private func stop(_ cause: String) {
        isStopping = true
        logger.notice("\(cause): draining", metadata: ["drain_timeout": "\(DurationText.format(proxy.configuration.drainTimeout))"])
        proxy.stop { [self] in stopped() }
        manager?.stopping()
    }

    private func stopped() {
        for watcher in watchers { watcher.close() }
        // All is done: one that comes now would only spoil the exit code.
        for signal in [SIGTERM, SIGINT, SIGHUP] { Glibc.signal(signal, SIG_IGN) }
        manager?.close()
        exitCode = Daemon.reportLedger(proxy.snapshot, logger)
        // Neither the loop nor exit(3), which joins libuv's threads, would come to an end.
        if proxy.isWriteHanging { _exit(exitCode) }
    }

    // MARK: Reload

    /// Reads the configuration anew and applies what can be; opens the destination's file anew and reads tokens again in any case, which is what a rotation of
    /// logs or of tokens wants, and has nothing to do with a mistake in the configuration.
    private func reload() {
        manager?.reloading()
        var answer = rereadConfiguration()
        if let problem = proxy.reopen() {
            answer.lines.append("warning: not opened anew: \(problem)")
        }
        manager?.reloaded()
        ReloadChannel.tell(answer)
    }

    private func rereadConfiguration() -> ReloadChannel.Answer {
        let before = Set(proxy.configuration.warnings)
        let new: Configuration
        let changes: ConfigurationChanges
        do {
            var reread = try surroundings.reread()
            if let passed { try reread.adopt(passed) }
            new = reread
        } catch {
            proxy.countFailedReload()
            return refused((error as? ConfigurationErrors)?.errors.map(\.description) ?? ["\(error)"])
        }
        do { changes = try proxy.apply(new) } catch { return refused(["\(error)"]) }
        logger.notice(
            "SIGHUP: the configuration was read anew",
            metadata: ["changed": "\(changes.live.count)", "wait_for_restart": "\(changes.waiting.count)"])
        var lines: [String] = []
        func say(_ level: Logger.Level, _ text: String) {
            logger.log(level: level, "\(text)")
            lines.append(Printable.text(text, scalarsMax: 1000))
        }
        for change in changes.live { say(.notice, "changed: \(change.text)") }
        for change in changes.waiting { say(.warning, "needs a restart: \(change.text)") }
        for warning in changes.result.warnings where !before.contains(warning) { say(.warning, "warning: \(warning)") }
        if changes.all.isEmpty { lines.append("nothing has changed") }
        Daemon.raiseDescriptorLimit(for: changes.result, logger)
        // Last, so that these words are written as those before.
        surroundings.logSettings.set(level: changes.result.logLevel, format: changes.result.logFormat)
        return ReloadChannel.Answer(isApplied: true, lines: lines)
    }

    private func refused(_ problems: [String]) -> ReloadChannel.Answer {
        for problem in problems { logger.error("SIGHUP: the configuration stays as it is: \(problem)") }
        return ReloadChannel.Answer(isApplied: false, lines: problems.map { Printable.text($0, scalarsMax: 1000) } + ["nothing was changed"])
    }
}
