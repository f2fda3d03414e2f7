internal import CMalloc
import EventLoop
import Glibc
import Logging
import Pipeline

/// The process around a ProxyServer: signals, limits, exit code. The only place that touches what belongs to the whole process.
public enum Daemon {
    /// Exit codes of `serve`.
    public enum ExitCode {
        /// Stopped, and nothing that was received was lost.
        public static let clean: Int32 = 0
        public static let cannotStart: Int32 = 1
        /// Stopped, and something that was received was dropped: the final ledger says what.
        public static let lostLogs: Int32 = 3
    }

    /// Serves until SIGTERM or SIGINT, drains, and returns the exit code. `confine` is called when everything is open that the start opens, and before
    /// there are other threads: the moment to give up what is not needed any more.
    public static func run(configuration: Configuration, logger: Logger, confine: () -> Void = {}) -> Int32 {
        // Besides clients and requests: 64 connections to the status page, and what the process itself has.
        tuneProcess(descriptorsNeeded: configuration.connectionsMax + configuration.inFlightMax + 64 + 32, logger)
        do {
            let loop = try EventLoop()
            defer { loop.close() }
            return try serve(configuration, loop, logger, confine)
        } catch {
            logger.critical("cannot start: \(error)")
            return ExitCode.cannotStart
        }
    }

    private static func serve(_ configuration: Configuration, _ loop: EventLoop, _ logger: Logger, _ confine: () -> Void) throws -> Int32 {
        // After a failed start: what was made for it closes.
        defer { loop.run() }
        let proxy = try ProxyServer(configuration, loop: loop, logger: logger)
        var exitCode = ExitCode.clean
        var watchers: [SignalWatcher] = []
        func stopped() {
            for watcher in watchers { watcher.close() }
            exitCode = reportLedger(proxy.snapshot, logger)
            // Neither the loop nor exit(3), which joins libuv's threads, would come to an end.
            if proxy.isWriteHanging { _exit(exitCode) }
        }
        var isStopping = false
        func stop(_ cause: String) {
            isStopping = true
            logger.notice("\(cause): draining", metadata: ["drain_timeout": "\(DurationText.format(configuration.drainTimeout))"])
            proxy.stop(stopped)
        }
        // Nobody will read what is still to come: the drain would only wait.
        proxy.onDestinationGone = {
            if !isStopping { stop("standard output is closed") }
            proxy.stopNow()
        }
        do {
            for (signal, name) in [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")] {
                watchers.append(
                    try SignalWatcher(loop, signal: signal) {
                        if proxy.isSpoolHanging {
                            // The ledger cannot be closed; whoever asks twice does not want to wait for a disk.
                            logger.critical("\(name) again: ending although the spool's disk does not answer")
                            _exit(ExitCode.lostLogs)
                        } else if isStopping {
                            logger.notice("\(name) again: the drain is cut short")
                            proxy.stopNow()
                        } else {
                            stop(name)
                        }
                    })
            }
            watchers.append(
                try SignalWatcher(loop, signal: SIGHUP) {
                    logger.notice("SIGHUP: opening files and reading tokens anew")
                    proxy.reopen()
                })
        } catch {
            for watcher in watchers { watcher.close() }
            proxy.stop {}
            proxy.stopNow()
            throw error
        }
        confine()
        logger.notice(
            "listening", metadata: ["socket": "\(configuration.socketPath ?? "none")", "reporter": "\(configuration.reporter.rawValue)"])
        loop.run()
        return exitCode
    }

    /// The account at the end, and the exit code that follows from it.
    private static func reportLedger(_ snapshot: Snapshot, _ logger: Logger) -> Int32 {
        let ledger = snapshot.ledger
        assert(ledger.balances)
        var metadata: Logger.Metadata = [
            "logs_received": "\(ledger.received.logs)", "logs_delivered": "\(ledger.delivered.logs)",
            "logs_waiting": "\(ledger.waiting.logs)", "logs_in_flight": "\(ledger.inFlight.logs)",
            "batches_received": "\(ledger.received.batches)", "batches_delivered": "\(ledger.delivered.batches)",
            "batches_waiting": "\(ledger.waiting.batches)", "batches_in_flight": "\(ledger.inFlight.batches)",
            "logs_recovered": "\(ledger.recovered.logs)", "batches_recovered": "\(ledger.recovered.batches)",
            "logs_spooled": "\(ledger.spooled.logs)", "batches_spooled": "\(ledger.spooled.batches)",
            "client_dropped_channel_full": "\(snapshot.ingest.clientDroppedChannelFull)",
            "client_dropped_batch_full": "\(snapshot.ingest.clientDroppedBatchFull)",
        ]
        for reason in DropReason.allCases {
            metadata["logs_dropped_\(reason.rawValue)"] = "\(ledger.dropped(reason).logs)"
            metadata["batches_dropped_\(reason.rawValue)"] = "\(ledger.dropped(reason).batches)"
        }
        for reason in RejectionReason.allCases {
            metadata["frames_rejected_\(reason.rawValue)"] = "\(snapshot.ingest.rejected(reason))"
        }
        if let seconds = snapshot.longestTurnSeconds { metadata["loop_turn_longest_us"] = "\(Int(seconds * 1e6))" }
        if ledger.spooled != Tally() {
            logger.notice(
                "\(ledger.spooled.logs) logs wait in the spool", metadata: snapshot.spool.map { ["spool_dir": "\($0.directory)"] } ?? [:])
        }
        logger.notice("final ledger", metadata: metadata)
        return ledger.dropped == Tally() ? ExitCode.clean : ExitCode.lostLogs
    }

    private static func tuneProcess(descriptorsNeeded: Int, _ logger: Logger) {
        // A write to a connection whose reader is gone is an error value, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // Segments of the ring go back to the kernel when freed, instead of raising malloc's threshold; one arena serves the one thread that allocates.
        mallopt(M_MMAP_THRESHOLD, 128 << 10)
        mallopt(M_TRIM_THRESHOLD, 512 << 10)
        mallopt(M_ARENA_MAX, 1)
        raiseDescriptorLimit(to: descriptorsNeeded, logger)
    }

    private static func raiseDescriptorLimit(to needed: Int, _ logger: Logger) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(needed) else { return }
        limit.rlim_cur = min(rlim_t(needed), limit.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        if limit.rlim_cur < rlim_t(needed) {
            logger.warning(
                "connections-max needs more descriptors than the hard limit allows",
                metadata: ["needed": "\(needed)", "hard_limit": "\(limit.rlim_max)"])
        }
    }
}
