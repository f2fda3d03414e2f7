import Glibc

/// A daemon that the flood started: it alone is ended, by its process id. Its standard error is appended to a file, which holds the final ledger.
final class DaemonProcess {
    struct Ending: Equatable, Sendable {
        /// nil when a signal ended it.
        var exitCode: Int32?
        var signal: Int32?
        var userSeconds: Double
        var systemSeconds: Double
        var contextSwitches: Int
    }

    let processID: pid_t
    private(set) var ending: Ending?
    private(set) var figures = ProcessFigures()

    init(path: String, arguments: [String], messagesPath: String) throws(FloodError) {
        guard access(path, X_OK) == 0 else { throw .system("cannot run the daemon \(path)") }
        processID = try ChildProcess.spawn(path, arguments, environment: Self.environment) { actions in
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 2, messagesPath, O_WRONLY | O_APPEND, 0)
        }
    }

    /// The user's environment but for what would configure the daemon behind the flood's back, or put a proxy before the sink.
    private static var environment: [UnsafeMutablePointer<CChar>?] {
        var kept: [UnsafeMutablePointer<CChar>?] = []
        var next = environ
        while let variable = next.pointee {
            let name = String(cString: variable).prefix { $0 != "=" }.uppercased()
            if !name.hasSuffix("_PROXY"), !name.hasPrefix("BOUNDARY_LOG_PROXY_"), !name.hasPrefix("CODER_") { kept.append(variable) }
            next += 1
        }
        return kept + [nil]
    }

    /// A daemon never outlives its flood.
    deinit {
        guard ending == nil else { return }
        send(SIGKILL)
        _ = collect(options: 0)
    }

    func send(_ signal: Int32) {
        if ending == nil { kill(processID, signal) }
    }

    /// User and system time until now; nil when it has ended.
    var processorSecondsSoFar: Double? { ending == nil ? ProcessorClock.seconds(of: processID) : nil }

    func sample() {
        if ending == nil { figures.sample(processID: processID) }
    }

    /// Waits until it has written nothing to a disk for 100 ms, at most 2 s: what it wrote until then belongs to its start.
    func awaitQuietDisk() {
        let deadline = SystemClock.monotonic + 2_000_000_000
        repeat {
            figures.endStart()
            poll(nil, 0, 100)
            sample()
        } while !hasEnded && figures.writtenBytes != figures.writtenBytesAtStart && SystemClock.monotonic < deadline
    }

    /// Whether it has ended; never waits.
    var hasEnded: Bool { ending != nil || collect(options: WNOHANG) }

    /// Waits for its end; false when it goes on for longer than that. What it writes from now on is not in its figures.
    func waitForEnd(_ patience: Duration, whileWaiting: () -> Void = {}) -> Bool {
        let deadline = SystemClock.monotonic + patience.nanoseconds
        let written = figures.writtenBytes
        while !hasEnded {
            if SystemClock.monotonic > deadline { return false }
            whileWaiting()
            sample()
            figures.writtenBytes = written
            poll(nil, 0, 2)
        }
        return true
    }

    private func collect(options: Int32) -> Bool {
        var status: Int32 = 0
        var usage = rusage()
        guard wait4(processID, &status, options, &usage) == processID else { return false }
        let signal = status & 0x7f
        ending = Ending(
            exitCode: signal == 0 ? status >> 8 & 0xff : nil, signal: signal == 0 ? nil : signal,
            userSeconds: Self.seconds(usage.ru_utime), systemSeconds: Self.seconds(usage.ru_stime),
            contextSwitches: usage.ru_nvcsw + usage.ru_nivcsw)
        return true
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}
