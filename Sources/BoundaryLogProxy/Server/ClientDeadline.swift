import EventLoop

/// A time that each client has for something. One timer for all, which runs only while some client's time runs.
///
/// The timer only notes that it is time to look; who is late is decided when the turn has read what there was to read. A loop that stood still (a stopped
/// process, a machine that slept) holds that against nobody.
///
/// Confined to the loop's thread.
final class ClientDeadline {
    let limit: UInt64
    private var timer: Timer?
    /// Late ones are to be looked for when this turn ends.
    private(set) var isDue = false

    init(_ loop: EventLoop, _ limit: Duration) {
        self.limit = UInt64(clamping: limit.wholeNanoseconds)
        timer = Timer(loop) { [unowned self] in isDue = true }
    }

    /// Some client's time begins.
    func arm() {
        if let timer, !timer.isActive, !isDue { timer.start(after: .nanoseconds(Int64(clamping: limit))) }
    }

    /// The turn's end looks for late ones.
    func lookAtOnce() { isDue = true }

    func stop() {
        timer?.stop()
        isDue = false
    }

    func close() {
        timer?.close()
        timer = nil
        isDue = false
    }

    /// At the end of a turn that `isDue`: `strike` gets those that are late. `since`: when a client's time began; nil: it does not run.
    func look(at connections: [ClientConnection], now: UInt64, since: (ClientConnection) -> UInt64?, strike: (ClientConnection) -> Void) {
        isDue = false
        var oldest: UInt64?
        for connection in connections {
            guard let begun = since(connection) else { continue }
            if now - min(begun, now) >= limit { strike(connection) } else { oldest = min(oldest ?? begun, begun) }
        }
        // Not more often than 20 times within the limit, whatever the connections do.
        if let oldest { timer?.start(after: .nanoseconds(Int64(clamping: max(limit - min(now - min(oldest, now), limit), limit / 20)))) }
    }
}
