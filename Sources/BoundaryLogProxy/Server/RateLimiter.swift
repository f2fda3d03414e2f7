import EventLoop

/// Pauses the reading of clients that have used up their `--client-rate-limit`. What they write meanwhile fills their sockets, and then they wait: nothing
/// is dropped. One timer for all, which runs only while somebody waits.
///
/// Confined to the loop's thread.
final class RateLimiter {
    /// Those that are due so soon after the first are read with it: at most a hundred wake-ups a second, however many wait.
    private static let togetherNanoseconds: UInt64 = 10_000_000

    let limit: RateLimit
    private let loop: EventLoop
    private var timer: Timer?
    private(set) var paused: [ClientConnection] = []
    /// Called for each whose reading may go on.
    private let onResume: (ClientConnection) -> Void

    init(_ loop: EventLoop, bytesPerSecond: Int, onResume: @escaping (ClientConnection) -> Void) {
        limit = RateLimit(bytesPerSecond: bytesPerSecond)
        self.loop = loop
        self.onResume = onResume
        timer = Timer(loop) { [unowned self] in resumeDue() }
    }

    /// True when this has used up what it had, and its reading was paused.
    func didRead(_ count: Int, from connection: ClientConnection, now: UInt64) -> Bool {
        limit.take(count, from: &connection.bucket, now: now)
        guard limit.available(connection.bucket, now: now) == 0 else { return false }
        connection.pipe.restReading()
        connection.pausedIndex = paused.count
        paused.append(connection)
        // It comes after those that wait already: all buckets are of one size.
        if let timer, !timer.isActive { start(timer, at: limit.resumption(connection.bucket), now: now) }
        return true
    }

    /// It is closed, or read without a limit from now on.
    func leave(_ connection: ClientConnection) {
        let index = connection.pausedIndex
        guard index >= 0 else { return }
        connection.pausedIndex = -1
        let last = paused.removeLast()
        if last !== connection {
            paused[index] = last
            last.pausedIndex = index
        }
        if paused.isEmpty { timer?.stop() }
    }

    func resumeAll() {
        while let connection = paused.last {
            leave(connection)
            onResume(connection)
        }
    }

    func close() {
        timer?.close()
        timer = nil
        paused = []
    }

    private func resumeDue() {
        let now = loop.now
        var next = UInt64.max
        for connection in paused.reversed() {
            let due = limit.resumption(connection.bucket)
            if due <= now + Self.togetherNanoseconds {
                leave(connection)
                onResume(connection)
            } else {
                next = min(next, due)
            }
        }
        if !paused.isEmpty, let timer { start(timer, at: next, now: now) }
    }

    private func start(_ timer: Timer, at due: UInt64, now: UInt64) {
        timer.start(after: .nanoseconds(Int64(clamping: due - min(due, now))))
    }
}
