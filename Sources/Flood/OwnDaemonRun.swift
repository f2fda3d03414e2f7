import Glibc

/// A flood over a daemon and a sink that it starts and ends itself: start, send, settle where the run asks for it, end, verdict.
final class OwnDaemonRun {
    static let sampleInterval: UInt64 = 20_000_000
    /// For the daemon to deliver what is left, once the sink works and nobody kills it. The longest wait between two of its attempts is 30 s.
    private static let settlePatience: UInt64 = 180_000_000_000

    private let flood: FloodRun
    private let configuration: FloodConfiguration
    private let directory: TemporaryDirectory
    private let sinks: [(reporter: SinkConfiguration.Reporter, sink: any Sink)]
    private let daemon: DaemonSupervisor
    private let fleet: ClientFleet
    private let start: UInt64
    private var display: ProgressDisplay
    private var schedule: CrashSchedule?
    private var sampledAt: UInt64
    private var interruption: String?
    private var processorSecondsAtStart: Double?
    private var processorSecondsSent: Double?

    init(_ flood: FloodRun, path: String, arguments: [String], displayMode: ProgressDisplay.Mode) throws(FloodError) {
        self.flood = flood
        configuration = flood.configuration
        directory = try TemporaryDirectory()
        var sinks: [(reporter: SinkConfiguration.Reporter, sink: any Sink)] = []
        do {
            for reporter in configuration.sink.reporters {
                let sink: any Sink = switch reporter {
                case .http, .otlp: try HTTPSink(configuration, for: reporter, directory: directory.path)
                case .coder: try CoderSink(configuration, directory: directory.path)
                }
                sinks.append((reporter, sink))
            }
            let probe = Self.settles(configuration) ? try MetricsProbe() : nil
            let spoolDirectory = directory.path + "/spool"
            var words = ["serve", "--socket", directory.path + "/s", "--log-format", "json"]
            words += ["--reporter", sinks.map(\.reporter.rawValue).joined(separator: ",")] + sinks.flatMap(\.sink.daemonArguments)
            words += configuration.durability.daemonArguments(spoolDirectory: spoolDirectory)
            // A client that goes and comes back may be there twice for a moment.
            if configuration.connections > 500 { words += ["--connections-max", String(configuration.connections * 2 + 16)] }
            if let probe { words += ["--metrics-listen", "127.0.0.1:\(probe.port)"] }
            daemon = try DaemonSupervisor(
                path: path, arguments: words + arguments, socketPath: directory.path + "/s", spoolDirectory: spoolDirectory, probe: probe)
        } catch {
            for (_, sink) in sinks { _ = sink.finish() }
            throw error
        }
        self.sinks = sinks
        start = SystemClock.monotonic
        sampledAt = start
        fleet = ClientFleet(configuration, socketPath: daemon.socketPath, now: start)
        display = ProgressDisplay(displayMode, now: start)
        schedule = configuration.crashes.map { [start] in CrashSchedule($0, seed: configuration.seed, now: start) }
    }

    func run() throws(FloodError) -> FloodResult {
        if configuration.sink.outage == .whileSending { for sink in sinksWithOutage { sink.beginOutage(.seconds(1 << 30)) } }
        for (_, sink) in sinks { sink.beginSending() }
        processorSecondsAtStart = daemon.processorSecondsSoFar
        do throws(FloodError) { try send() } catch {
            fleet.abandon()
            interruption = error.description
        }
        processorSecondsSent = daemon.processorSecondsSoFar
        for (_, sink) in sinks { sink.endSending() }
        let sent = SystemClock.monotonic
        if configuration.sink.outage == .whileSending { for sink in sinksWithOutage { sink.endOutage() } }
        if Self.settles(configuration), interruption == nil { settle() }
        return end(sent: sent)
    }

    /// Whether the daemon is left to deliver everything before it is ended. Otherwise it is ended at once, with the last batches still in the sockets: what was
    /// written must survive that. But after a kill, or with the sink down until then, that would show no more than how much it can do within its drain. And the
    /// ledgers of several destinations are known from its metrics, which end with it. OTLP as JSON the sink reads at 2,000 logs/s, slower than any drain.
    private static func settles(_ configuration: FloodConfiguration) -> Bool {
        configuration.crashes != nil || configuration.sink.outage == .whileSending || configuration.sink.reporters.count > 1
            || configuration.sink.otlpProtocol == .json
    }

    private var sinksWithOutage: [any Sink] { sinks.filter { configuration.sink.hasOutage($0.reporter) }.map(\.sink) }

    /// For the display: by the destination that has the least.
    private var logsDelivered: Int { sinks.map(\.sink.logsDelivered).min() ?? 0 }

    private func send() throws(FloodError) {
        var outage: Duration? = if case .middle(let duration)? = configuration.sink.outage { duration } else { nil }
        while !fleet.isFinished {
            let before = SystemClock.monotonic
            try fleet.step(waitMax: min(Self.sampleInterval, schedule.map { $0.next.at - min($0.next.at, before) } ?? .max))
            let now = SystemClock.monotonic
            if let duration = outage, fraction(now) >= 0.5 {
                for sink in sinksWithOutage { sink.beginOutage(duration) }
                outage = nil
            }
            if let next = schedule?.next, next.at <= now {
                switch next.event {
                case .kill: try crash()
                case .end: fleet.endEarly()
                }
            }
            guard now >= sampledAt + Self.sampleInterval else { continue }
            try watch(phase: "flooding")
            if Interruption.isRequested { fleet.endEarly() }
        }
    }

    private func fraction(_ now: UInt64) -> Double {
        var fraction = fleet.fractionDone(now: now, start: start)
        if let count = configuration.crashes?.count { fraction = max(fraction, Double(daemon.kills.count) / Double(count)) }
        return fraction
    }

    private func crash() throws(FloodError) {
        if daemon.hasEnded { throw FloodError("the daemon ended in the middle of the flood") }
        fleet.noteKill()
        try daemon.killAndRestart()
        schedule?.began(now: SystemClock.monotonic)
    }

    private func settle() {
        let began = SystemClock.monotonic
        while !daemon.hasDelivered(since: began) {
            if SystemClock.monotonic - began > Self.settlePatience || Interruption.isRequested { break }
            do throws(FloodError) { try watch(phase: "settling") } catch {
                interruption = error.description
                return
            }
            poll(nil, 0, 20)
        }
    }

    /// Looks after the daemon and the display, once every 20 ms.
    private func watch(phase: String) throws(FloodError) {
        let now = SystemClock.monotonic
        sampledAt = now
        display.update(now: now, fraction: fraction(now), totals: fleet.totals, delivered: logsDelivered, phase: phase)
        daemon.sample()
        if daemon.hasEnded { throw FloodError("the daemon ended in the middle of the flood") }
    }

    private func end(sent: UInt64) -> FloodResult {
        let stopped = SystemClock.monotonic
        let hasEnded = daemon.end(flood.endPatience) {
            display.update(
                now: SystemClock.monotonic, fraction: 1, totals: fleet.totals, delivered: logsDelivered, phase: "draining")
        }
        let ended = SystemClock.monotonic
        if !hasEnded { interruption = interruption ?? "the daemon did not end within \(flood.endPatience) of SIGTERM" }
        display.clear()
        let messages = daemon.messages
        var destinations = sinks.map { destination($0.reporter, $0.sink, messages: messages, exitCode: hasEnded ? daemon.ending?.exitCode : nil) }
        keep(messages)
        let first = destinations.removeFirst()
        var result = FloodResult(
            evidence: first.evidence, verdict: first.verdict,
            sendSeconds: Double(sent - start) / 1e9,
            deliverySeconds: first.deliverySeconds,
            drainSeconds: Double(ended - stopped) / 1e9,
            processorSeconds: daemon.processorSeconds, contextSwitches: daemon.contextSwitches,
            figures: daemon.figures, messages: messages, keptDirectory: directory.keep ? directory.path : nil)
        result.others = destinations
        result.reporters = sinks.map(\.reporter)
        if configuration.crashes == nil, let begun = processorSecondsAtStart {
            result.processorSecondsAtStart = begun
            result.processorSecondsSending = processorSecondsSent.map { $0 - begun }
        }
        return result
    }

    /// Ends the sink of one destination, and judges what it has.
    private func destination(_ reporter: SinkConfiguration.Reporter, _ sink: any Sink, messages: [UInt8], exitCode: Int32?) -> DestinationResult {
        let record = sink.finish()
        // The line at the daemon's end does not tell destinations apart: of several, each has its ledger in the metrics, as of when all had come to rest.
        let others = sinks.map(\.reporter).filter { $0 != reporter }
        let ledger = others.isEmpty ? DaemonLedger(messages: messages) : daemon.ledger(of: reporter.rawValue)
        var evidence = Evidence(
            totals: fleet.totals, sessions: fleet.sessions, record: record, ledger: ledger, exitCode: exitCode, interruption: interruption)
        evidence.droppedElsewhere = others.reduce(0) { $0 + (daemon.ledger(of: $1.rawValue)?.droppedSum ?? 0) }
        if configuration.crashes != nil {
            evidence.crashes = CrashEvidence(
                promise: CrashPromise(configuration.durability), kills: daemon.kills, droppedByKilled: daemon.droppedByKilled(of: reporter.rawValue))
        }
        return DestinationResult(
            reporter: reporter, evidence: evidence, verdict: Verdict(evidence),
            deliverySeconds: record.lastArrival.map { Double($0 - min(start, $0)) / 1e9 } ?? 0)
    }

    private func keep(_ messages: [UInt8]) {
        guard flood.keepsDirectory else { return }
        directory.keep = true
        try? FileBytes.write(messages, to: directory.path + "/messages")
    }
}
