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

    private static let startPatience: UInt64 = 20_000_000_000
    private static let sampleInterval: UInt64 = 20_000_000
    private static let waitMax: UInt64 = 20_000_000

    public init(_ configuration: FloodConfiguration, target: Target) {
        self.configuration = configuration
        self.target = target
    }

    public func run() throws(FloodError) -> FloodResult {
        if let problem = configuration.problem { throw FloodError(problem) }
        raiseDescriptorLimit()
        switch target {
        case .socket(let path): return try floodRunningDaemon(path)
        case .ownDaemon(let path, let arguments): return try floodOwnDaemon(path, arguments)
        }
    }

    private func floodRunningDaemon(_ socketPath: String) throws(FloodError) -> FloodResult {
        let start = SystemClock.monotonic
        let fleet = ClientFleet(configuration, socketPath: socketPath, now: start)
        var display = makeDisplay(start)
        let interruption = send(fleet, start, &display, sink: nil, daemon: nil)
        let end = SystemClock.monotonic
        display.clear()
        return FloodResult(
            evidence: Evidence(
                totals: fleet.totals, sessions: fleet.sessions, record: DeliveryRecord(), ledger: nil, exitCode: nil,
                interruption: interruption),
            verdict: nil, sendSeconds: Double(end - start) / 1e9, deliverySeconds: 0, drainSeconds: 0, processorSeconds: 0,
            contextSwitches: 0, messages: [])
    }

    private func floodOwnDaemon(_ path: String, _ arguments: [String]) throws(FloodError) -> FloodResult {
        let directory = try TemporaryDirectory()
        directory.keep = keepsDirectory
        let socketPath = directory.path + "/s"
        let sink: any Sink = switch configuration.sink.reporter {
        case .http: try HTTPSink(configuration)
        case .coder: try CoderSink(configuration, directory: directory.path)
        }
        let daemon: DaemonProcess
        do {
            daemon = try start(path, arguments, socketPath, directory, sink)
        } catch {
            _ = sink.finish()
            throw error
        }

        let start = SystemClock.monotonic
        let fleet = ClientFleet(configuration, socketPath: socketPath, now: start)
        var display = makeDisplay(start)
        sink.beginSending()
        var interruption = send(fleet, start, &display, sink: sink, daemon: daemon)
        sink.endSending()
        let sent = SystemClock.monotonic
        // At once, with the last batches still in the sockets: what was written must survive that.
        daemon.send(SIGTERM)
        let hasEnded = daemon.waitForEnd(endPatience) {
            display.update(
                now: SystemClock.monotonic, fraction: 1, totals: fleet.totals, delivered: sink.logsDelivered, phase: "draining")
        }
        let ended = SystemClock.monotonic
        if !hasEnded {
            interruption = interruption ?? "the daemon did not end within \(endPatience) of SIGTERM"
            daemon.send(SIGKILL)
            _ = daemon.waitForEnd(.seconds(10))
        }
        display.clear()
        let record = sink.finish()
        let messages = FileBytes.read(daemon.messagesPath, bytesMax: 8 << 20) ?? []
        let evidence = Evidence(
            totals: fleet.totals, sessions: fleet.sessions, record: record, ledger: DaemonLedger(messages: messages),
            exitCode: hasEnded ? daemon.ending?.exitCode : nil, interruption: interruption)
        return FloodResult(
            evidence: evidence, verdict: Verdict(evidence),
            sendSeconds: Double(sent - start) / 1e9,
            deliverySeconds: record.lastArrival.map { Double($0 - min(start, $0)) / 1e9 } ?? 0,
            drainSeconds: Double(ended - sent) / 1e9,
            processorSeconds: daemon.ending.map { $0.userSeconds + $0.systemSeconds } ?? 0,
            contextSwitches: daemon.ending?.contextSwitches ?? 0,
            figures: daemon.figures, messages: messages, keptDirectory: keepsDirectory ? directory.path : nil)
    }

    /// Starts the daemon and waits until its socket is there.
    private func start(
        _ path: String, _ arguments: [String], _ socketPath: String, _ directory: TemporaryDirectory, _ sink: any Sink
    ) throws(FloodError) -> DaemonProcess {
        var words = ["serve", "--socket", socketPath, "--log-format", "json"] + sink.daemonArguments
        // A client that goes and comes back may be there twice for a moment.
        if configuration.connections > 500 { words += ["--connections-max", String(configuration.connections * 2 + 16)] }
        let daemon = try DaemonProcess(path: path, arguments: words + arguments, messagesPath: directory.path + "/messages")
        let deadline = SystemClock.monotonic + Self.startPatience
        while access(socketPath, F_OK) != 0 {
            if daemon.hasEnded || SystemClock.monotonic > deadline {
                let messages = String(decoding: FileBytes.read(daemon.messagesPath) ?? [], as: UTF8.self)
                throw FloodError("the daemon did not start: \(([path] + words + arguments).joined(separator: " "))\n\(messages)")
            }
            poll(nil, 0, 2)
        }
        daemon.sample()
        return daemon
    }

    /// Sends everything; returns why it could not be finished, if so.
    private func send(
        _ fleet: ClientFleet, _ start: UInt64, _ display: inout ProgressDisplay, sink: (any Sink)?, daemon: DaemonProcess?
    ) -> String? {
        var outage = configuration.sink.outage
        var sampledAt = start
        while !fleet.isFinished {
            do throws(FloodError) {
                try fleet.step(waitMax: Self.waitMax)
            } catch {
                fleet.abandon()
                return error.description
            }
            let now = SystemClock.monotonic
            let fraction = fleet.fractionDone(now: now, start: start)
            if let duration = outage, fraction >= 0.5 {
                sink?.beginOutage(duration)
                outage = nil
            }
            guard now >= sampledAt + Self.sampleInterval else { continue }
            sampledAt = now
            display.update(now: now, fraction: fraction, totals: fleet.totals, delivered: sink?.logsDelivered, phase: "flooding")
            if Interruption.isRequested { fleet.endEarly() }
            guard let daemon else { continue }
            daemon.sample()
            if daemon.hasEnded {
                fleet.abandon()
                return "the daemon ended in the middle of the flood"
            }
        }
        return nil
    }

    private func makeDisplay(_ now: UInt64) -> ProgressDisplay {
        ProgressDisplay(!showsProgress ? .silent : TerminalOutput.isTerminal(2) ? .bar : .lines, now: now)
    }

    /// A descriptor per client, and the usual soft limit is 1024.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else { return }
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, rlim_t(configuration.connections * 2 + 64)))
        setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
    }
}
