import EventLoop
import HTTPServer
import Logging
import Pipeline
import Reporting
import Spool
import Wire

/// The proxy: boundary's socket in, deliveries out. It lives on a loop that its owner runs; all its methods belong to that loop's thread.
///
/// Its life: `init` binds and listens, or throws and leaves nothing behind; it works until `stop`, which drains and then calls back,
/// once, when nothing of it is left on the loop.
public final class ProxyServer {
    public internal(set) var configuration: Configuration
    let loop: EventLoop
    let logger: Logger
    private let complaints: Complaints
    /// In the order of the configuration; at least one.
    let destinations: [Destination]
    let intake: Intake
    private let embedding: Embedding
    /// The listening socket outlives the proxy.
    let passedSocket: PassedSocket?
    private var listener: PipeListener?
    private var metricsServer: MetricsServer?
    private var statusServer: StatusServer?
    private(set) var socket: ListeningSocket?
    private let startedAt = WallTime.now()
    var reloads = ReloadStatistics()

    private enum Phase {
        case serving
        /// Reading what clients have sent and delivering it, until the deadline.
        case draining
        /// The deadline is past: what is left goes into the spool.
        case storing
        /// All is done, or there is no more time: the rest is counted, the handles close.
        case closing
        case stopped
    }
    private var phase = Phase.serving
    private var stoppedAt: UInt64 = 0
    private var onStopped: (() -> Void)?
    /// Called once when standard output, as the destination, has no reader any more: nothing can be delivered from then on.
    public var onDestinationGone: (() -> Void)?
    /// Called when a turn's work is done, for whoever wants to look at it from outside. It may not stop the proxy.
    public var onTurn: (() -> Void)?
    private var readingDeadline: Timer?
    private var drainDeadline: Timer?
    /// The longest that storing what is left may take, after the drain.
    private static let storingMax = Duration.seconds(5)

    /// Listens, and connects to nothing before the loop turns. `logger` gets the proxy's own messages. After a failure the loop must turn once more before it is closed.
    /// `passed`: a socket that listens already, whose descriptor becomes the proxy's; it is not made, and what it is called and who may use it stays as it is.
    public init(
        _ configuration: Configuration, loop: EventLoop, logger: Logger, embedding: Embedding = Embedding(), passed: PassedSocket? = nil
    ) throws(StartFailure) {
        self.configuration = configuration
        self.embedding = embedding
        passedSocket = passed
        self.loop = loop
        self.logger = logger
        let complaints = Complaints(loop: loop, logger: logger)
        self.complaints = complaints
        var submissions: Submissions?
        do throws(StartFailure) {
            destinations = try Self.makeDestinations(configuration, embedding, loop, complaints)
        } catch {
            complaints.close()
            throw error
        }
        do throws(StartFailure) {
            submissions = try Self.makeSubmissions(configuration, embedding, loop)
        } catch {
            complaints.close()
            for destination in destinations { destination.close {} }
            throw error
        }
        intake = Intake(
            loop: loop, fanOut: FanOut(destinations.map(\.forwarder)), destinationNames: destinations.map(\.name), complaints: complaints,
            connectionsMax: configuration.connectionsMax, idleTimeout: configuration.connectionIdleTimeout, frameTimeout: configuration.frameTimeout,
            clientBytesPerSecond: configuration.clientRateLimit, submissions: submissions)
        do throws(StartFailure) {
            try listen()
        } catch {
            closeServers()
            intake.close()
            complaints.close()
            for destination in destinations { destination.close {} }
            throw error
        }
        loop.onTurn = { [unowned self] in endTurn() }
        // What is in the spool is to be known, and sent, also if nothing comes.
        if configuration.durability != .memory {
            loop.turnSoon()
            sayWhatNobodyServes()
        }
        // Of several the others go on; what standard output does not take is counted.
        if destinations.count == 1 {
            (destinations[0].reporter as? FileReporter)?.onDestinationGone = { [unowned self] in onDestinationGone?() }
        }
    }

    /// A destination that is not asked for any more may have left something.
    private func sayWhatNobodyServes() {
        let served = configuration.reporters.map(configuration.spoolDirectory(of:))
        for reporter in ReporterKind.allCases {
            let directory = Configuration.spoolDirectory(below: configuration.spoolDirectory, of: reporter)
            guard !served.contains(directory), SpoolExamination(directory).bytes > 0 else { continue }
            logger.warning(
                "a spool of a destination that is not in --reporter may hold logs: look into it with 'boundary-log-proxy spool list --destination NAME', name the destination again, or purge it",
                metadata: ["spool_dir": "\(directory)", "destination": "\(reporter.rawValue)"])
        }
    }

    private static func makeDestinations(
        _ configuration: Configuration, _ embedding: Embedding, _ loop: EventLoop, _ complaints: Complaints
    ) throws(StartFailure) -> [Destination] {
        let ring = LogRing(bytesMax: configuration.bufferBytes, cursorCount: configuration.reporters.count)
        var destinations: [Destination] = []
        do throws(StartFailure) {
            for (index, kind) in configuration.reporters.enumerated() {
                let reporter = try ReporterFactory.make(kind, configuration, embedding, loop: loop)
                do throws(StartFailure) {
                    let spool = try openSpool(configuration, kind, loop)
                    let forwarder = Forwarder(
                        ring: ring, index: index, reporter: reporter, settings: configuration.forwarderSettings,
                        spool: spool == nil ? nil : configuration.spoolSettings, seed: UInt64.random(in: .min ... .max), keyPrefix: uniquePrefix())
                    destinations.append(
                        Destination(kind, forwarder: forwarder, reporter: reporter, spool: spool, loop: loop, complaints: complaints))
                } catch {
                    reporter.close {}
                    throw error
                }
            }
        } catch {
            for destination in destinations { destination.close {} }
            throw error
        }
        return destinations
    }

    /// As for the start, of another configuration.
    func makeReporter(_ kind: ReporterKind, _ configuration: Configuration) throws(StartFailure) -> any Reporter {
        try ReporterFactory.make(kind, configuration, embedding, loop: loop)
    }

    deinit { assert(phase == .stopped || listener == nil, "a ProxyServer must be stopped before it goes away") }

    /// nil with `--durability memory`. Fails if another process uses the directory; what else is wrong with it is said later, and may end by itself.
    private static func openSpool(_ configuration: Configuration, _ kind: ReporterKind, _ loop: EventLoop) throws(StartFailure) -> SpoolWorker? {
        guard configuration.durability != .memory else { return nil }
        let directory = configuration.spoolDirectory(of: kind)
        do {
            return SpoolWorker(
                loop: loop, directory: directory,
                store: try SpoolStore(directory: directory, synchronous: configuration.durability == .sync ? .full : .normal))
        } catch {
            throw StartFailure("\(error)")
        }
    }

    /// Of `buffer-bytes`, a part that is never missed, and no more than a burst needs.
    private static func makeSubmissions(
        _ configuration: Configuration, _ embedding: Embedding, _ loop: EventLoop
    ) throws(StartFailure) -> Submissions? {
        guard embedding.takesSubmissions else { return nil }
        do {
            return Submissions(try SubmissionQueue(loop, bytesMax: min(configuration.bufferBytes / 4, 4 << 20)))
        } catch {
            throw StartFailure("\(error)")
        }
    }

    /// 128 random bits: a prefix of Idempotency-Keys that no other process has.
    private static func uniquePrefix() -> String {
        let (a, b) = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        return String(a, radix: 36) + String(b, radix: 36)
    }

    /// The socket comes last: where anything else fails, the path was never touched.
    private func listen() throws(StartFailure) {
        if let address = configuration.metricsListen {
            metricsServer = try MetricsServer(loop: loop, address, proxy: self)
            logger.info("metrics are served", metadata: ["url": "\(metricsServer!.url)/metrics"])
        }
        if let address = configuration.statusListen {
            statusServer = try StatusServer(loop: loop, address, proxy: self, hub: intake.tap)
            logger.notice("status is served, with audit data: \(statusServer!.url)")
        }
        if let passedSocket { return try listen(on: passedSocket.descriptor, backlog: nil) }
        guard let path = configuration.socketPath else { return }
        intake.gate = try PeerGate(configuration)
        do {
            let group = try configuration.socketGroup.map { name throws(ListeningSocket.Failure) in try ListeningSocket.groupID(named: name) }
            let socket = try ListeningSocket(path: path, mode: configuration.socketMode, groupID: group)
            let descriptor = socket.takeDescriptor()
            do {
                try listen(on: descriptor, backlog: 4096)
            } catch {
                socket.unlink()
                throw error
            }
            self.socket = consume socket
        } catch {
            throw StartFailure("\(error)")
        }
    }

    private func listen(on descriptor: Int32, backlog: Int32?) throws(StartFailure) {
        do {
            let listener = try PipeListener(loop, takingOwnershipOf: descriptor, backlog: backlog) { [unowned self] pipe in
                intake.accept(pipe)
            }
            listener.onRefused = { [unowned self] error in
                intake.statistics.connectionsWithoutDescriptor += 1
                complaints.warn(.acceptFailed, "connection refused: \(error)", [:])
            }
            self.listener = listener
        } catch {
            throw StartFailure("\(error)")
        }
    }

    // MARK: Turns

    private func endTurn() {
        intake.endTurn()
        if phase != .closing, phase != .stopped {
            for destination in destinations { destination.pump() }
        }
        intake.moderate()
        switch phase {
        case .draining where intake.isDone && intake.fanOut.isEmpty: close()
        case .storing where intake.isDone && destinations.allSatisfy(\.restIsStored): close()
        case .closing where intake.isDone: finish()
        default: break
        }
        onTurn?()
    }

    // MARK: Looking

    public var snapshot: Snapshot {
        let ring = intake.fanOut.ring
        return Snapshot(
            destinations: destinations.map(\.status), ingest: intake.statistics, sequences: intake.audit.statistics,
            connections: intake.connections.count, connectionsMax: configuration.connectionsMax,
            ringBytes: ring.bytesUsed, ringBytesMax: ring.bytesMax, isReadingPaused: intake.isPaused,
            connectionsRateLimited: intake.rateLimitedCount, submissions: intake.submissions?.statistics,
            streams: statusServer?.statistics, tap: intake.tap.counts,
            longestTurnSeconds: loop.longestTurn.map { Double($0) / 1e9 }, isServing: phase == .serving && (listener != nil || configuration.socketPath == nil), isSocketPassed: passedSocket != nil,
            reloads: reloads, clock: loop.now, startedAt: startedAt)
    }

    /// The page that `/metrics` serves.
    public var metricsText: String { Metrics.render(snapshot, process: .read(), version: Version.text) }

    /// Where threads of the embedding program bring frames; nil unless it asked for that.
    public var submissions: SubmissionQueue? { intake.submissions?.queue }

    /// The audited sessions that were active last, the latest first, at most `count`.
    public func recentSessions(_ count: Int) -> [SequenceReport] { intake.audit.recent(count) }

    /// The clients that sent most, the busiest first, at most `count`.
    public func busiestClients(_ count: Int) -> [ClientReport] { intake.busiestClients(count) }

    /// The port of the metrics listener; nil when it is off.
    public var metricsPort: UInt16? { metricsServer?.port }

    /// The port of the status listener; nil when it is off or a Unix socket.
    public var statusPort: UInt16? { statusServer?.port }

    /// Where the status page is, with the token that it wants; `unix:PATH` on a Unix socket, nil when the status listener is off.
    public var statusURL: String? { statusServer?.url }

    /// A write to a destination's file is still under way. After the end of the drain that means it hangs (a pipe that nobody reads),
    /// and closing the loop would wait for it.
    public var isWriteHanging: Bool { phase == .stopped && destinations.contains { ($0.reporter as? FileReporter)?.isWriting == true } }

    /// The work has ended but for a job of the spool that has not come back for a second: its disk hangs.
    public var isSpoolHanging: Bool {
        phase == .stopped && destinations.contains { $0.spool?.isBusy == true } && loop.now - stoppedAt >= 1_000_000_000
    }

    /// It has been tried to open each spool, if there is one: what is in it is known, or that it does not work has been said.
    public var hasLookedIntoSpool: Bool { destinations.allSatisfy { $0.spool.map { $0.statistics.jobs > 0 } ?? true } }

    var isWorking: Bool { phase == .serving }

    // MARK: Control

    /// Opens a destination's file anew and reads secrets again. Nothing under way is disturbed.
    /// - Returns: what could not be, in words; it has been logged.
    @discardableResult public func reopen() -> String? {
        let problems = destinations.compactMap { $0.reporter.reopen() }
        for problem in problems { logger.warning("not opened anew: \(problem)") }
        return problems.isEmpty ? nil : problems.joined(separator: "; ")
    }

    /// Ends the proxy's work: no new client; what clients have sent is read, to their end of file, and delivered, all within `drain-timeout`; what is
    /// left then goes into the spool, or is counted as dropped (`shutdown`) where there is none or it does not work. `onStopped` is called once, from the loop, with nothing of the proxy left on it.
    /// A second call changes nothing.
    public func stop(_ onStopped: @escaping () -> Void) {
        guard phase == .serving else { return }
        phase = .draining
        self.onStopped = onStopped
        // First the name, so that no one connects any more; then those who did, whose bytes may already wait in the kernel. On a socket that was passed they wait
        // for the next daemon.
        socket?.unlink()
        socket = nil
        if passedSocket == nil { listener?.acceptQueued() }
        listener?.close()
        listener = nil
        intake.beginDrain()
        for destination in destinations { destination.beginDrain() }

        let timeout = configuration.drainTimeout
        // Clients that stay connected are cut off a little before the end, so that their last words can still be delivered.
        readingDeadline = Timer(loop) { [unowned self] in intake.endReading() }
        readingDeadline?.start(after: timeout - min(timeout / 5, .seconds(2)))
        drainDeadline = Timer(loop) { [unowned self] in endDrain() }
        drainDeadline?.start(after: timeout)
        loop.turnSoon()
    }

    /// Cuts a drain short.
    public func stopNow() {
        switch phase {
        case .draining: endDrain()
        case .storing: close()
        case .serving, .closing, .stopped: return
        }
        loop.turnSoon()
    }

    /// No more time to deliver. What clients have written by now is still read, and stored with the rest.
    private func endDrain() {
        guard phase == .draining else { return }
        guard destinations.contains(where: { $0.spool != nil }) else { return close() }
        phase = .storing
        intake.endReading()
        for destination in destinations { destination.beginStoringRest() }
        drainDeadline?.close()
        drainDeadline = Timer(loop) { [unowned self] in close() }
        drainDeadline?.start(after: Self.storingMax)
        loop.turnSoon()
    }

    private func close() {
        guard phase == .draining || phase == .storing else { return }
        phase = .closing
        intake.discardRest()
        loop.turnSoon()
    }

    private func finish() {
        phase = .stopped
        stoppedAt = loop.now
        readingDeadline?.close()
        drainDeadline?.close()
        closeServers()
        intake.close()
        complaints.close()
        loop.onTurn = nil
        var open = destinations.count
        for destination in destinations {
            destination.close { [self] in
                open -= 1
                guard open == 0 else { return }
                onStopped?()
                onStopped = nil
            }
        }
    }

    private func closeServers() {
        metricsServer?.close()
        statusServer?.close()
        (metricsServer, statusServer) = (nil, nil)
    }
}

/// Why the proxy could not start, in words for whoever started it.
public struct StartFailure: Error, Equatable, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}
