import EventLoop
import Logging
import Pipeline
import Reporting

/// One destination at work: drives its forwarder with the loop's clock and timer, hands deliveries to the reporter and jobs to the spool, says what happened.
///
/// Confined to the loop's thread.
final class Destination {
    let kind: ReporterKind
    let forwarder: Forwarder
    var reporter: any Reporter { use.reporter }
    private var use: ReporterUse
    /// Reporters of earlier settings, until their last deliveries have ended.
    private var retired: [ReporterUse] = []
    /// What those that are gone have counted.
    private var pastStatistics = ReporterStatistics()
    private var pastSession = AgentAPIStatus()
    /// nil: there is no spool.
    let spool: SpoolWorker?
    private let loop: EventLoop
    private let complaints: Complaints
    private var timer: Timer?
    /// When the timer is set to expire; nil when it is off.
    private var wakeAt: Instant?
    private(set) var statistics = DeliveryStatistics()
    /// No delivery is handed out any more.
    private var isStopped = false
    /// To be closed when the job of the spool that is under way has ended.
    private var closing: (() -> Void)?
    /// Called when the last of `retired` is gone.
    private var onRetired: (() -> Void)?

    init(_ kind: ReporterKind, forwarder: Forwarder, reporter: any Reporter, spool: SpoolWorker?, loop: EventLoop, complaints: Complaints) {
        self.spool = spool
        self.kind = kind
        self.forwarder = forwarder
        use = ReporterUse(reporter)
        self.loop = loop
        self.complaints = complaints
        // The expiry itself is the work: it brings on a turn, and each turn ends in `pump`.
        timer = Timer(loop) { [unowned self] in wakeAt = nil }
        watch(reporter)
    }

    private func watch(_ reporter: any Reporter) {
        (reporter as? AgentAPIReporter)?.onSessionChange = { [unowned self] change in sessionChanged(change) }
    }

    var name: String { kind.rawValue }

    var now: Instant { Instant(nanoseconds: loop.now) }

    /// Sends what is to be sent now and arms the timer for what comes next. Called once per turn.
    func pump() {
        guard !isStopped else { return }
        if !retired.isEmpty { closeRetired() }
        // Most turns have nothing to decide; then the clock is not read either.
        guard !forwarder.isIdle else { return disarm() }
        while true {
            switch forwarder.step(now) {
            case .send(let delivery):
                send(delivery)
            case .spool(let job):
                run(job)
            case .wait(let until):
                return arm(until)
            case .idle:
                return disarm()
            }
        }
    }

    /// A timer that expires before then is left alone: it brings on a turn, which arms it anew. So a time that moves on with each turn costs nothing.
    private func arm(_ until: Instant) {
        if let wakeAt, wakeAt <= until { return }
        wakeAt = until
        timer?.start(after: until.since(now))
    }

    private func disarm() {
        guard wakeAt != nil else { return }
        wakeAt = nil
        timer?.stop()
    }

    private func send(_ delivery: Delivery) {
        let started = now
        let use = use
        use.underWay += 1
        use.reporter.send(delivery) { [self] outcome in
            use.underWay -= 1
            guard !isStopped else { return }
            let ended = now
            statistics.record(outcome, duration: ended.since(started), at: ended)
            let wasFailing = forwarder.failingSince
            let settlement = forwarder.settle(delivery.number, outcome, now: ended)
            statistics.record(settlement)
            report(settlement, delivery, failingSince: forwarder.failingSince == nil ? wasFailing : nil)
        }
    }

    private func report(_ settlement: Forwarder.Settlement, _ delivery: Delivery, failingSince: Instant?) {
        switch settlement {
        case .delivered: sayDeliveringAgain(failingSince)
        case .partlyRefused(let logs, let reason):
            sayDeliveringAgain(failingSince)
            complaints.warn(
                .deliveryRefused, of: name,
                logs == 0 ? "the destination warns: \(reason)" : "the destination refused a part of a delivery, which is dropped: \(reason)", ["destination": "\(name)", "logs": "\(logs)"])
        case .willRetry(let reason, let attempt, let delay):
            complaints.warn(
                .deliveryFailed, of: name, "delivery failed, will be tried again: \(reason)",
                ["destination": "\(name)", "attempt": "\(attempt)", "retry_in": "\(text(delay))", "logs": "\(delivery.logCount)"])
        case .dropped(let logs, let reason):
            complaints.warn(
                .deliveryRefused, of: name, "delivery refused, its logs are dropped: \(reason)",
                ["destination": "\(name)", "logs": "\(logs)"])
        case .split(let bytesMax):
            complaints.warn(
                .deliveryTooLarge, of: name, "the destination finds a request too large: split in halves",
                ["destination": "\(name)", "request_bytes_max_now": "\(bytesMax)"])
        }
    }

    private func sayDeliveringAgain(_ failingSince: Instant?) {
        guard let failingSince else { return }
        complaints.say(.notice, .deliveringAgain, of: name, "delivering again", ["destination": "\(name)", "after": "\(text(now.since(failingSince)))"])
    }

    // MARK: Other settings

    /// Deliveries go to `new` from now on. What is under way ends where it is.
    func replaceReporter(_ new: any Reporter) {
        retired.append(use)
        reporter.retire()
        (reporter as? AgentAPIReporter)?.onSessionChange = nil
        use = ReporterUse(new)
        forwarder.replaceReporter(new)
        watch(new)
        loop.turnSoon()
    }

    /// Those without a delivery; with `all` the others too. Not from inside of what a reporter calls.
    private func closeRetired(all: Bool = false) {
        for old in retired where !old.isClosing && (all || old.underWay == 0) {
            old.isClosing = true
            old.reporter.close { [self] in
                if let statistics = (old.reporter as? any ReporterStatisticsSource)?.statistics { pastStatistics = statistics.adding(pastStatistics) }
                if let status = (old.reporter as? AgentAPIReporter)?.status { pastSession = status.adding(pastSession) }
                retired.removeAll { $0 === old }
                guard retired.isEmpty, let onRetired else { return }
                self.onRetired = nil
                onRetired()
            }
        }
    }

    /// Of all reporters that there have been; nil for one that counts nothing.
    var reporterStatistics: ReporterStatistics? {
        guard let statistics = (reporter as? any ReporterStatisticsSource)?.statistics else { return nil }
        return retired.reduce(statistics.adding(pastStatistics)) { sum, old in
            (old.reporter as? any ReporterStatisticsSource).map { sum.adding($0.statistics) } ?? sum
        }
    }

    /// Likewise with coderd.
    var session: AgentAPIStatus? {
        guard let status = (reporter as? AgentAPIReporter)?.status else { return nil }
        return retired.reduce(status.adding(pastSession)) { sum, old in (old.reporter as? AgentAPIReporter).map { sum.adding($0.status) } ?? sum }
    }

    // MARK: The spool

    private func run(_ job: SpoolJob) {
        guard let spool else { return }
        spool.run(job) { [self] result in
            let report = forwarder.finish(result, now: now)
            SpoolComplaints.say(report, result, complaints, of: name)
            if let closing {
                self.closing = nil
                close(closing)
            }
        }
    }

    /// From now on nothing is sent: all that is left goes into the spool.
    func beginStoringRest() { forwarder.isStoringRest = true }

    /// All that could be stored is, as of the last `pump`: what is due is begun there. With no spool nothing can be.
    var restIsStored: Bool { spool?.isBusy != true }

    /// A reporter that keeps a session says how it fares.
    private func sessionChanged(_ change: AgentAPIReporter.SessionChange) {
        switch change {
        case .opened(let again):
            complaints.say(
                .notice, .sessionOpened, of: name, again ? "the session with coderd is open again" : "the session with coderd is open",
                ["destination": "\(name)"])
            forwarder.retryNow()
            loop.turnSoon()
        case .ended(let cause, let reason, let redialIn):
            let (level, kind): (Logger.Level, Complaints.Kind) =
                switch cause {
                case .closed: (.notice, .sessionClosed)
                case .lost: (.warning, .sessionLost)
                case .notReached: (.warning, .sessionNotReached)
                case .refused: (.error, .sessionRefused)
                }
            complaints.say(level, kind, of: name, reason, ["destination": "\(name)", "redial_in": "\(text(redialIn))"])
        }
    }

    /// From now on all goes out as soon as it can.
    func beginDrain() {
        forwarder.beginDrain()
        reporter.beginDrain()
    }

    /// Gives up what is not delivered, counted as dropped unless it is in the spool, and closes the reporter and the spool. A job that is under way
    /// is waited for.
    func close(_ closed: @escaping () -> Void) {
        timer?.close()
        timer = nil
        isStopped = true
        if spool?.isBusy == true {
            closing = closed
            return
        }
        guard retired.isEmpty else {
            onRetired = { [self] in close(closed) }
            return closeRetired(all: true)
        }
        reporter.close { [self] in
            forwarder.abandon()
            guard let spool else { return closed() }
            spool.close(closed)
        }
    }

    // MARK: Looking

    var status: DestinationStatus {
        func seconds(since instant: Instant?) -> Double? { instant.map { Double(now.since($0).wholeNanoseconds) / 1e9 } }
        return DestinationStatus(
            name: name, ledger: forwarder.ledger, deliveries: statistics, ringBytes: forwarder.ringBytesUsed, sessions: forwarder.laneCount,
            spool: spoolStatus, obstacle: reporter.obstacle, reporter: reporterStatistics, session: session, failuresInARow: forwarder.failuresInARow,
            failingForSeconds: seconds(since: forwarder.failingSince), secondsSinceLastSuccess: seconds(since: statistics.lastSuccess))
    }

    private var spoolStatus: SpoolStatus? {
        guard let view = forwarder.spoolView, let spool else { return nil }
        return SpoolStatus(
            view: view, statistics: spool.statistics, directory: spool.directory,
            failingForSeconds: view.failingSince.map { Double(now.since($0).wholeNanoseconds) / 1e9 },
            oldestSeconds: view.content.oldestArrived.map { Double(now.since($0).wholeNanoseconds) / 1e9 })
    }

    private func text(_ duration: Duration) -> String { DurationText.format(duration) }
}

/// A reporter, and how many deliveries it has under way.
private final class ReporterUse {
    let reporter: any Reporter
    var underWay = 0
    var isClosing = false

    init(_ reporter: any Reporter) { self.reporter = reporter }
}
