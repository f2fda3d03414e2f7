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
        /// Stopped, and something that was received was lost: the final ledger says what.
        public static let lostLogs: Int32 = 3
    }

    /// What the process has from whoever started it.
    public struct Surroundings {
        public var environment: [String: String]
        /// Of the logger.
        public var logSettings: LogSettings
        /// Makes the configuration once more, of the same command line, environment and file: for a reload.
        public var reread: () throws(ConfigurationErrors) -> Configuration
        /// Called when everything is open that the start opens, and before there are other threads: the moment to give up what is not needed any more.
        public var confine: (Configuration) -> Void

        public init(
            environment: [String: String], logSettings: LogSettings, reread: @escaping () throws(ConfigurationErrors) -> Configuration,
            confine: @escaping (Configuration) -> Void = { _ in }
        ) {
            self.environment = environment
            self.logSettings = logSettings
            self.reread = reread
            self.confine = confine
        }
    }

    /// Serves until SIGTERM or SIGINT, drains, and returns the exit code.
    public static func run(configuration: Configuration, logger: Logger, surroundings: Surroundings) -> Int32 {
        tuneProcess()
        raiseDescriptorLimit(for: configuration, logger)
        do {
            var configuration = configuration
            let known = configuration.warnings.count
            let passed = try PassedSocket.take(environment: surroundings.environment)
            if let passed { try configuration.adopt(passed) }
            for warning in configuration.warnings[known...] { logger.warning("\(warning)") }
            let loop = try EventLoop()
            defer { loop.close() }
            // After a failed start: what was made for it closes.
            defer { loop.run() }
            let daemon = try RunningDaemon(configuration, passed, loop, logger, surroundings)
            loop.run()
            return daemon.exitCode
        } catch {
            logger.critical("cannot start: \(error)")
            return ExitCode.cannotStart
        }
    }

    /// Besides clients and requests: 64 connections to each of metrics and status, and what the process itself has, and each spool.
    static func descriptorsNeeded(_ configuration: Configuration) -> Int {
        configuration.connectionsMax + configuration.reporters.count * (configuration.inFlightMax + 8) + 2 * 64 + 24
    }

    /// The account at the end, of each destination, and the exit code that follows from it.
    static func reportLedger(_ snapshot: Snapshot, _ logger: Logger) -> Int32 {
        for destination in snapshot.destinations { report(destination, snapshot, logger) }
        return snapshot.ledger.lost == Tally() ? ExitCode.clean : ExitCode.lostLogs
    }

    private static func report(_ destination: DestinationStatus, _ snapshot: Snapshot, _ logger: Logger) {
        let ledger = destination.ledger
        assert(ledger.balances)
        var metadata: Logger.Metadata = [
            "destination": "\(destination.name)",
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
                "\(ledger.spooled.logs) logs wait in the spool", metadata: destination.spool.map { ["spool_dir": "\($0.directory)"] } ?? [:])
        }
        logger.notice("final ledger", metadata: metadata)
    }

    private static func tuneProcess() {
        // A write to a connection whose reader is gone is an error value, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // Segments of the ring go back to the kernel when freed, instead of raising malloc's threshold; one arena serves the one thread that allocates.
        mallopt(M_MMAP_THRESHOLD, 128 << 10)
        mallopt(M_TRIM_THRESHOLD, 512 << 10)
        mallopt(M_ARENA_MAX, 1)
    }

    static func raiseDescriptorLimit(for configuration: Configuration, _ logger: Logger) {
        let needed = descriptorsNeeded(configuration)
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
