import EventLoop
import Logging
import Pipeline

/// Messages that the outside world can cause, each kind, of each destination, at most once a second with a count of what was held back.
///
/// Confined to the loop's thread. The timer runs only while something is held back.
final class Complaints {
    enum Kind: String {
        case connectionRefused, peerNotAllowed, acceptFailed, readFailed
        case bufferFull, framing, invalidProtobuf, truncatedFrame, frameTimeout
        case deliveryFailed, deliveryRefused, deliveryTooLarge, deliveringAgain
        case sessionOpened, sessionClosed, sessionLost, sessionNotReached, sessionRefused
        case logsMissing
        case spoolFailed, spoolWorksAgain, spoolRecovered, spoolDamaged, spoolDropped
    }

    let logger: Logger
    private let loop: EventLoop
    private var limiter = ComplaintLimiter()
    private var timer: Timer?

    init(loop: EventLoop, logger: Logger) {
        self.loop = loop
        self.logger = logger
        timer = Timer(loop) { [unowned self] in flush() }
    }

    /// Text and metadata are made only when they are written.
    func warn(
        _ kind: Kind, of destination: String = "", _ message: @autoclosure () -> String, _ metadata: @autoclosure () -> Logger.Metadata = [:]
    ) {
        say(.warning, kind, of: destination, message(), metadata())
    }

    func say(
        _ level: Logger.Level, _ kind: Kind, of destination: String = "", _ message: @autoclosure () -> String,
        _ metadata: @autoclosure () -> Logger.Metadata = [:]
    ) {
        let now = Instant(nanoseconds: loop.now)
        if let complaint = limiter.complain(kind.rawValue + destination, level: level, now: now, message()) {
            logger.log(level: complaint.level, "\(complaint.text)", metadata: metadata())
        } else if let timer, !timer.isActive, let due = limiter.flushDue {
            timer.start(after: due.since(now))
        }
    }

    private func flush() {
        let now = Instant(nanoseconds: loop.now)
        write(limiter.flush(now))
        if let due = limiter.flushDue { timer?.start(after: due.since(now)) }
    }

    /// Writes what is still held back.
    func close() {
        write(limiter.flushAll(Instant(nanoseconds: loop.now)))
        timer?.close()
        timer = nil
    }

    private func write(_ complaints: [Complaint]) {
        for complaint in complaints { logger.log(level: complaint.level, "\(complaint.text)") }
    }
}
