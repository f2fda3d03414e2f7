import EventLoop

/// What each client may take: so long in silence, so long over a frame, so many bytes a second.
extension Intake {
    /// Times count from what a connection sent last, and when a frame began, also before this. nil, 0: no limit.
    func change(idleTimeout: Duration?, frameTimeout: Duration?, clientBytesPerSecond: Int) {
        replace(&idleDeadline, idleTimeout)
        replace(&frameDeadline, frameTimeout)
        guard clientBytesPerSecond != rateLimiter?.limit.bytesPerSecond ?? 0 else { return }
        rateLimiter?.resumeAll()
        rateLimiter?.close()
        rateLimiter = makeRateLimiter(clientBytesPerSecond)
    }

    /// nil for 0: no limit.
    func makeRateLimiter(_ bytesPerSecond: Int) -> RateLimiter? {
        bytesPerSecond == 0 ? nil : RateLimiter(loop, bytesPerSecond: bytesPerSecond) { [unowned self] in resume($0) }
    }

    private func replace(_ deadline: inout ClientDeadline?, _ limit: Duration?) {
        guard limit.map({ UInt64(clamping: $0.wholeNanoseconds) }) != deadline?.limit else { return }
        deadline?.close()
        deadline = limit.map { ClientDeadline(loop, $0) }
        // Some may be late already.
        if !connections.isEmpty { deadline?.lookAtOnce() }
    }

    /// Ends those that were silent, or took over a frame, for too long. What they have written is still read, then their end of file closes them.
    func lookForLate() {
        // While some are left out of the reading, what they have sent is not known.
        guard idleDeadline?.isDue == true || frameDeadline?.isDue == true, !round.isCrowded else { return }
        let now = loop.now
        func since(_ begun: UInt64, _ connection: ClientConnection) -> UInt64? {
            if connection.isEnding { return nil }
            // That nothing comes is our doing.
            return isPaused || connection.isPaused || moderation.isResting(connection) ? now : begun
        }
        if let idleDeadline, idleDeadline.isDue {
            idleDeadline.look(at: connections, now: now, since: { since($0.lastActive, $0) }) { connection in
                statistics.connectionsIdleClosed += 1
                connection.isEnding = true
                connection.pipe.endReading()
            }
        }
        if let frameDeadline, frameDeadline.isDue {
            frameDeadline.look(at: connections, now: now, since: { $0.frameBegan == 0 ? nil : since($0.frameBegan, $0) }) { connection in
                connection.isEnding = true
                connection.hasTimedOut = true
                connection.pipe.endReading()
            }
        }
    }

    /// Connections whose reading is paused by their `client-rate-limit`.
    var rateLimitedCount: Int { rateLimiter?.paused.count ?? 0 }
}
