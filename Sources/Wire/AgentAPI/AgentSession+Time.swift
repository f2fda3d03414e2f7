extension AgentSession {
    /// When `advance` has something to do, at the latest; nil when the session has ended.
    public var nextDeadline: Duration? {
        guard phase != .ended else { return nil }
        var earliest = pingDeadline
        for place in streams.indices {
            if let deadline = streams[place].call?.deadline, deadline < earliest { earliest = deadline }
        }
        return earliest
    }

    /// Ends calls whose time is up, pings, and gives up a session that does not answer. Hand over what has been received first: after a
    /// time without a turn, the answer may have come long ago.
    public mutating func advance(now: Duration) {
        guard phase != .ended else { return }
        for place in streams.indices {
            if let call = streams[place].call, call.deadline <= now { abandon(place, .timedOut) }
        }
        guard pingDeadline <= now else { return }
        guard !awaitsPingAnswer else { return fail(.yamux(.keepAliveTimedOut)) }
        awaitsPingAnswer = true
        owesPing = true
        statistics.pingsSent += 1
        nextPing = now + limits.pingInterval
        pingDeadline = now + limits.pingTimeout
    }

    mutating func pingWasAnswered() {
        awaitsPingAnswer = false
        pingValue &+= 1
        pingDeadline = nextPing
    }
}
