import Glibc

/// One flood from its start to its verdict.
public struct FloodRun: Sendable {
    /// Where the load goes.
    public enum Target: Sendable {
        /// A daemon of our own, which ends with the flood; `arguments` come last on its command line.
        case ownDaemon(path: String, arguments: [String])
        /// A daemon that runs already.
        case socket(path: String)
    }

    public var configuration: FloodConfiguration
    public var target: Target
    /// Leaves the daemon's messages for the user to look at.
    public var keepsDirectory = false
    public var showsProgress = false
    /// For the daemon to end after SIGTERM.
    public var endPatience = Duration.seconds(120)

    public init(_ configuration: FloodConfiguration, target: Target) {
        self.configuration = configuration
        self.target = target
    }

    public func run() throws(FloodError) -> FloodResult {
        if let problem = configuration.problem { throw FloodError(problem) }
        if case .socket = target, configuration.crashes != nil { throw FloodError("--crash-every needs a daemon that the flood starts") }
        raiseDescriptorLimit()
        switch target {
        case .socket(let path): return try floodRunningDaemon(path)
        case .ownDaemon(let path, let arguments):
            let run = try OwnDaemonRun(self, path: path, arguments: arguments, displayMode: displayMode)
            return try run.run()
        }
    }

    private func floodRunningDaemon(_ socketPath: String) throws(FloodError) -> FloodResult {
        let start = SystemClock.monotonic
        let fleet = ClientFleet(configuration, socketPath: socketPath, now: start)
        var display = ProgressDisplay(displayMode, now: start)
        var interruption: String?
        var shownAt = start
        while !fleet.isFinished {
            do throws(FloodError) {
                try fleet.step(waitMax: OwnDaemonRun.sampleInterval)
            } catch {
                fleet.abandon()
                interruption = error.description
            }
            let now = SystemClock.monotonic
            guard now >= shownAt + OwnDaemonRun.sampleInterval else { continue }
            shownAt = now
            display.update(now: now, fraction: fleet.fractionDone(now: now, start: start), totals: fleet.totals, delivered: nil, phase: "flooding")
            if Interruption.isRequested { fleet.endEarly() }
        }
        let end = SystemClock.monotonic
        display.clear()
        return FloodResult(
            evidence: Evidence(
                totals: fleet.totals, sessions: fleet.sessions, record: DeliveryRecord(), ledger: nil, exitCode: nil,
                interruption: interruption),
            verdict: nil, sendSeconds: Double(end - start) / 1e9, deliverySeconds: 0, drainSeconds: 0, processorSeconds: 0,
            contextSwitches: 0, messages: [])
    }

    private var displayMode: ProgressDisplay.Mode { !showsProgress ? .silent : TerminalOutput.isTerminal(2) ? .bar : .lines }

    /// A descriptor per client, and the usual soft limit is 1024.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else { return }
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, rlim_t(configuration.connections * 2 + 64)))
        setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
    }
}
