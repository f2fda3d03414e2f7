import Glibc

/// The daemon that the flood starts, over all its lives: each kill is followed by a start with the same command line, socket, spool and metrics.
final class DaemonSupervisor {
    private static let startPatience: UInt64 = 20_000_000_000

    let path: String
    let arguments: [String]
    let socketPath: String
    let spoolDirectory: String
    private let messagesFile: MessagesFile
    private let probe: MetricsProbe?
    private var process: DaemonProcess!
    /// Monotonic nanoseconds of each kill.
    private(set) var kills: [UInt64] = []
    /// Logs that the killed processes said they had dropped when they were last asked, by destination (as `DaemonMetrics.droppedByDestination`) and reason.
    private var droppedByKilled: [String: [String: Int]] = [:]
    private var figuresOfKilled = ProcessFigures()
    private var spoolPeakBytes = 0
    private var processorSecondsOfKilled = 0.0
    private var contextSwitchesOfKilled = 0

    /// Starts the daemon and waits until its socket is there. `probe`: its metrics are looked at all the while, on the probe's port.
    init(path: String, arguments: [String], socketPath: String, spoolDirectory: String, probe: MetricsProbe?) throws(FloodError) {
        self.path = path
        self.socketPath = socketPath
        self.spoolDirectory = spoolDirectory
        self.probe = probe
        self.arguments = arguments
        messagesFile = try MessagesFile()
        try startProcess()
        let deadline = SystemClock.monotonic + Self.startPatience
        while access(socketPath, F_OK) != 0 {
            if process.hasEnded || SystemClock.monotonic > deadline {
                throw FloodError("the daemon did not start: \(([path] + arguments).joined(separator: " "))\n\(String(decoding: messages, as: UTF8.self))")
            }
            poll(nil, 0, 2)
        }
        sample()
        // The spool is opened beside all else, and creating it writes.
        if arguments.contains("--spool-dir") { process.awaitQuietDisk() }
    }

    /// All that the daemons wrote on standard error, or the end of it.
    var messages: [UInt8] { messagesFile.read() }
    var hasEnded: Bool { process.hasEnded }
    var ending: DaemonProcess.Ending? { process.ending }

    var figures: ProcessFigures {
        var sum = figuresOfKilled
        sum.add(process.figures)
        sum.spoolPeakBytes = spoolPeakBytes
        return sum
    }

    var processorSeconds: Double { processorSecondsOfKilled + (ending.map { $0.userSeconds + $0.systemSeconds } ?? 0) }
    /// Of the process that runs now, until now; nil when it has ended.
    var processorSecondsSoFar: Double? { process.processorSecondsSoFar }
    var contextSwitches: Int { contextSwitchesOfKilled + (ending?.contextSwitches ?? 0) }

    /// The daemon's own word since `time`: nothing waits in it, nothing is in flight. Always false without a probe.
    func hasDelivered(since time: UInt64) -> Bool {
        guard let probe, let metrics = probe.latest else { return false }
        return probe.latestAskedAt >= time && metrics.undelivered == 0
    }

    /// The daemon's last word of a destination; nil before the first, and without a probe.
    func ledger(of destination: String) -> DaemonLedger? { probe?.latest?.ledger(of: destination) }

    func droppedByKilled(of destination: String) -> [String: Int] {
        (droppedByKilled[""] ?? [:]).merging(droppedByKilled[destination] ?? [:], uniquingKeysWith: +)
    }

    func sample() {
        process.sample()
        spoolPeakBytes = max(spoolPeakBytes, DirectorySize.allocatedBytes(spoolDirectory))
        probe?.step(now: SystemClock.monotonic)
    }

    /// Ends the daemon as a power cut would, but for what the kernel holds of its files, and starts it anew at once. Clients connect again when its socket is
    /// there. Whoever may write to it must not do so meanwhile.
    func killAndRestart() throws(FloodError) {
        process.sample()
        kills.append(SystemClock.monotonic)
        process.send(SIGKILL)
        _ = process.waitForEnd(.seconds(60))
        figuresOfKilled.add(process.figures)
        processorSecondsOfKilled += process.ending.map { $0.userSeconds + $0.systemSeconds } ?? 0
        contextSwitchesOfKilled += process.ending?.contextSwitches ?? 0
        for (destination, dropped) in probe?.forget()?.droppedByDestination ?? [:] {
            droppedByKilled[destination, default: [:]].merge(dropped, uniquingKeysWith: +)
        }
        try startProcess()
    }

    /// Whether it has ended by itself, `patience` after SIGTERM at the latest; else it is killed.
    func end(_ patience: Duration, whileWaiting: () -> Void) -> Bool {
        process.sample()
        process.send(SIGTERM)
        if process.waitForEnd(patience, whileWaiting: whileWaiting) { return true }
        process.send(SIGKILL)
        _ = process.waitForEnd(.seconds(10))
        return false
    }

    private func startProcess() throws(FloodError) {
        process = try DaemonProcess(path: path, arguments: arguments, messagesPath: messagesFile.path)
    }
}
