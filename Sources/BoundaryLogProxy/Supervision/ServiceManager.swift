import EventLoop
import Glibc
import Logging
import Pipeline

/// What the daemon tells systemd, or another manager that speaks sd_notify(3): small datagrams to `$NOTIFY_SOCKET`.
///
/// The protocol is a line for each thing said, so that libsystemd would only be one more library to load. The variable stays in the environment: we start
/// no other process. Nothing here waits: what the socket does not take at once is sent again a little later.
///
/// https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
final class ServiceManager {
    /// The least time between two texts.
    static let statusInterval = Duration.seconds(3)
    private static let retryInterval = Duration.milliseconds(100)
    /// While it stops, it asks for so much more time, again and again at a third of it.
    private static let extraTime = Duration.seconds(30)

    private let loop: EventLoop
    private let logger: Logger
    private let address: String
    private let descriptor: Int32
    /// Half of what the manager allows between two signs of life; nil: it wants none.
    private let watchdogInterval: Duration?
    private var watchdog: Timer?
    private var extending: Timer?
    private var retry: Timer?
    /// Not taken yet by the socket.
    private var unsent: [String] = []
    private var hasComplained = false

    /// For the status: what is to be shown now.
    var statusText: () -> String = { "" }
    private var status = ""
    private var statusAt: UInt64?
    private var statusTimer: Timer?
    private var statusIsDue = false
    /// This turn was brought on by a timer of ours: perhaps nothing has happened.
    private var isOwnTurn = false

    /// nil when nobody wants to be told.
    init?(_ loop: EventLoop, environment: [String: String], logger: Logger) {
        guard let address = environment["NOTIFY_SOCKET"], !address.isEmpty else { return nil }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0, address.hasPrefix("/") || address.hasPrefix("@") else {
            logger.warning("the service manager is not told anything: NOTIFY_SOCKET \(Printable.quoted(address)) cannot be used")
            if descriptor >= 0 { Glibc.close(descriptor) }
            return nil
        }
        self.loop = loop
        self.logger = logger
        self.address = address
        self.descriptor = descriptor
        watchdogInterval = Self.watchdogInterval(environment)
        retry = Timer(loop) { [unowned self] in
            isOwnTurn = true
            flush()
        }
        statusTimer = Timer(loop) { [unowned self] in
            isOwnTurn = true
            statusIsDue = false
            sendStatus()
        }
        extending = Timer(loop) { [unowned self] in
            isOwnTurn = true
            extend()
        }
        if let watchdogInterval {
            // From the loop's own timer: a loop that stands still gives no sign.
            watchdog = Timer(loop) { [unowned self] in
                isOwnTurn = true
                send("WATCHDOG=1")
                watchdog?.start(after: watchdogInterval)
            }
            watchdog?.start(after: watchdogInterval)
        }
        // Opening a large spool, or salvaging a damaged one, may take longer than a start usually does.
        extend()
    }

    /// Half of `WATCHDOG_USEC`, if it is meant for this process.
    /// https://www.freedesktop.org/software/systemd/man/latest/sd_watchdog_enabled.html
    static func watchdogInterval(_ environment: [String: String], process: Int32 = getpid()) -> Duration? {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else { return nil }
        if let owner = environment["WATCHDOG_PID"], !owner.isEmpty, owner != "\(process)" { return nil }
        return .microseconds(max(1, microseconds / 2))
    }

    // MARK: What is said

    func ready() {
        extending?.stop()
        send("READY=1")
        sendStatus()
    }

    func reloading() {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        send("RELOADING=1\nMONOTONIC_USEC=\(Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)")
    }

    func reloaded() { send("READY=1") }

    /// From now on, until `close`, the manager is asked for as much time as the drain takes.
    func stopping() {
        send("STOPPING=1")
        extend()
        sendStatus()
    }

    private func extend() {
        send("EXTEND_TIMEOUT_USEC=\(Self.extraTime / .microseconds(1))")
        extending?.start(after: Self.extraTime / 3)
    }

    // MARK: The status

    /// At the end of each turn. What has changed is shown at once, or at the end of `statusInterval`; an idle daemon is not woken for it.
    func turnEnded() {
        if statusIsDue { return }
        if isOwnTurn {
            isOwnTurn = false
            if statusLine() == status { return }
        }
        if let statusAt {
            let age = loop.now - statusAt
            let interval = UInt64(clamping: Self.statusInterval.wholeNanoseconds)
            guard age >= interval else {
                statusIsDue = true
                statusTimer?.start(after: .nanoseconds(Int64(interval - age)))
                return
            }
        }
        sendStatus()
    }

    private func sendStatus() {
        statusAt = loop.now
        let text = statusLine()
        guard text != status else { return }
        status = text
        send("STATUS=\(text)")
    }

    private func statusLine() -> String { Printable.text(statusText(), scalarsMax: 500) }

    // MARK: The socket

    private func send(_ message: String) {
        // A sign of life that has not been taken is there already.
        if unsent.isEmpty || message != "WATCHDOG=1" { unsent.append(message) }
        flush()
    }

    private func flush() {
        while let message = unsent.first {
            var bytes = Array(message.utf8)
            let code = UnixAddress.with(address) { sendto(descriptor, &bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, $1) }
            switch code {
            case 0: break
            case EINTR: continue
            case EAGAIN, ENOBUFS, ENOMEM:
                retry?.start(after: Self.retryInterval)
                return
            default:
                if !hasComplained { logger.warning("the service manager cannot be told anything: \(String(cString: strerror(code)))") }
                hasComplained = true
            }
            unsent.removeFirst()
        }
    }

    /// Idempotent.
    func close() {
        for timer in [watchdog, extending, retry, statusTimer] { timer?.close() }
        if watchdog != nil || retry != nil { Glibc.close(descriptor) }
        (watchdog, extending, retry, statusTimer) = (nil, nil, nil, nil)
    }
}
