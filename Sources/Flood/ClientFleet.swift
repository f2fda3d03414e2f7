import Glibc

/// All clients of a flood on the calling thread: whoever can write gets its turn, a few messages at a time; whoever finds its
/// socket full waits until it can be written to, as boundary's blocking write does. Nothing is ever left out.
final class ClientFleet {
    /// Messages a client may write before the next has its turn.
    private static let messagesPerTurn = 8
    private static let connectRetry: UInt64 = 1_000_000
    /// A daemon that accepts nobody, or does not close after a fatal frame, for this long is broken.
    private static let patience: UInt64 = 20_000_000_000

    private(set) var totals = FleetTotals()
    private(set) var sessions: [SentSession] = []
    private let configuration: FloodConfiguration
    private let socketPath: String
    private let encoder: MessageEncoder
    private var readiness = Readiness()
    private var generator: SeededGenerator
    private var pacer: Pacer
    private var messagesMax: Int
    private let deadline: UInt64
    /// Messages begun.
    private var messagesTaken = 0
    private var clients: [FloodClient] = []
    /// Clients that may write, in the order of their turns.
    private var ready: [Int] = []
    private var disconnected: [Int] = []
    private var awaitingHangup = 0
    private var kills = 0
    private var unfinished: Int

    init(_ configuration: FloodConfiguration, socketPath: String, now: UInt64) {
        self.configuration = configuration
        self.socketPath = socketPath
        encoder = MessageEncoder(urlBytes: configuration.urlBytes, seed: configuration.seed)
        generator = SeededGenerator(seed: configuration.seed)
        pacer = Pacer(logsPerSecond: configuration.logsPerSecond, now: now)
        messagesMax = configuration.messagesMax ?? .max
        deadline = configuration.duration.map { now + $0.nanoseconds } ?? .max
        unfinished = configuration.connections
        for index in 0..<configuration.connections {
            let history = configuration.crashes == nil ? nil : MessageHistory(logsPerMessage: configuration.logsPerMessage)
            clients.append(FloodClient(
                session: SessionID(using: &generator), history: history,
                roomBytes: (configuration.framesPerWrite - 1) * (MessageEncoder.headerBytes + encoder.payloadBytesMax(logs: configuration.logsPerMessage))))
            disconnected.append(index)
        }
    }

    var isFinished: Bool { unfinished == 0 }

    /// How much of the run is over, 0 to 1.
    func fractionDone(now: UInt64, start: UInt64) -> Double {
        var fraction = messagesMax == .max ? 0 : Double(totals.messages) / Double(messagesMax)
        if deadline != .max, now > start { fraction = max(fraction, Double(now - start) / Double(deadline - start)) }
        return min(1, fraction)
    }

    /// One round: connects, gives every ready client its turn, and waits, at most for `waitMax`, when there is nothing to do.
    func step(waitMax: UInt64) throws(FloodError) {
        let now = SystemClock.monotonic
        try connectDue(now)
        let due = giveTurns(now)
        var wait = waitMax
        if !ready.isEmpty { wait = min(wait, due > now ? due - now : 0) }
        if !disconnected.isEmpty { wait = min(wait, Self.connectRetry) }
        try collectReady(wait: isFinished ? 0 : wait)
    }

    /// No new messages; those under way are finished.
    func endEarly() { messagesMax = min(messagesMax, messagesTaken) }

    /// To be called just before the daemon is killed, and nothing is written in between: all connections of now are dead then.
    func noteKill() {
        for client in clients { client.noteKill(kills) }
        kills += 1
    }

    /// Closes everything as it stands: what was sent is known, what was under way was not sent.
    func abandon() {
        for client in clients where client.state != .finished { finish(client) }
        ready.removeAll()
        disconnected.removeAll()
        readiness.removeAll()
    }

    private func connectDue(_ now: UInt64) throws(FloodError) {
        guard !disconnected.isEmpty else { return }
        var later: [Int] = []
        for index in disconnected {
            let client = clients[index]
            if case .disconnected(let retryAt) = client.state, retryAt > now {
                later.append(index)
                continue
            }
            switch try client.connect(to: socketPath, killsBefore: kills) {
            case .connected:
                totals.connections += 1
                client.connectingSince = nil
                client.state = .ready
                ready.append(index)
            case .tryLater(let code):
                let since = client.connectingSince ?? now
                client.connectingSince = since
                if now - since > Self.patience { throw .system("cannot connect to \(socketPath) for 20 s", code: code) }
                client.state = .disconnected(retryAt: now + Self.connectRetry)
                later.append(index)
            }
        }
        disconnected = later
    }

    /// Returns when the next message is due (a time that has passed: now).
    private func giveTurns(_ now: UInt64) -> UInt64 {
        var now = now
        let turns = ready
        var unserved: [Int] = []
        ready.removeAll(keepingCapacity: true)
        for index in turns {
            let client = clients[index]
            var turnsLeft = configuration.logsPerSecond == 0 ? Self.messagesPerTurn : 1
            while turnsLeft > 0, client.state == .ready {
                if client.frame == nil {
                    if messagesTaken >= messagesMax || now >= deadline {
                        finish(client)
                        break
                    }
                    if pacer.nextDue > now { now = SystemClock.monotonic }
                    if pacer.nextDue > now {
                        unserved.append(index)
                        break
                    }
                    begin(client)
                }
                advance(client, index)
                turnsLeft -= 1
            }
            if client.state == .ready, unserved.last != index { ready.append(index) }
        }
        // Who was not served now comes first next time.
        ready = unserved + ready
        return pacer.nextDue
    }

    private func begin(_ client: FloodClient) {
        let tag: UInt8 = switch configuration.tags {
        case .logs: 1
        case .message: 2
        case .mixed: UInt8.random(in: 1...2, using: &generator)
        }
        if configuration.badPercent > 0, Double.random(in: 0..<100, using: &generator) < configuration.badPercent {
            beginBad(client, tag)
            return
        }
        let logs = configuration.logsPerMessage
        let frames = min(configuration.framesPerWrite, messagesMax - messagesTaken)
        messagesTaken += frames
        pacer.tookLogs(logs * frames)
        client.begin(.logs(logs * frames)) { buffer in
            let first = encode(client, tag, after: 0, buffer)
            if frames == 1 { return first }
            var end = first.upperBound
            for number in 1..<frames {
                // Laid out with room in front for the longest header, then drawn up to the one before.
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[end...])
                let frame = encode(client, tag, after: number * logs, rest)
                memmove(rest.baseAddress!, rest.baseAddress! + frame.lowerBound, frame.count)
                end += frame.count
            }
            return first.lowerBound..<end
        }
    }

    /// The client's next message but for so many logs that come first.
    private func encode(_ client: FloodClient, _ tag: UInt8, after logs: Int, _ buffer: UnsafeMutableRawBufferPointer) -> Range<Int> {
        encoder.encode(
            tag: tag, trailer: client.trailer, firstSequence: Int32(truncatingIfNeeded: client.logsNumbered + logs), logs: configuration.logsPerMessage,
            time: SystemClock.wall, into: buffer)
    }

    private func beginBad(_ client: FloodClient, _ tag: UInt8) {
        let kind = BadFrame.allCases.randomElement(using: &generator)!
        client.begin(.bad(kind)) { buffer in
            let frame = encoder.encode(
                tag: tag, trailer: client.trailer, firstSequence: BadFrame.firstSequence, logs: min(3, configuration.logsPerMessage),
                time: SystemClock.wall, into: buffer)
            return kind.spoil(frame, in: buffer, using: &generator)
        }
    }

    private func advance(_ client: FloodClient, _ index: Int) {
        switch client.write(writes: configuration.writesPerFrame, bytes: &totals.bytes) {
        case .complete:
            completed(client, index)
        case .blocked:
            totals.blockedWrites += 1
            client.state = .blocked
            readiness.watch(client.descriptor, writable: true, token: index)
        case .broken:
            broke(client)
            reconnect(client, index)
        }
    }

    private func broke(_ client: FloodClient) {
        if client.killsBefore < kills {
            totals.killedConnections += 1
            if case .logs(let count)? = client.frame {
                totals.failedMessages += 1
                client.endMessages(1, logs: count, isWritten: false)
            } else {
                client.endFrame()
            }
        } else if case .bad(let kind)? = client.frame, kind.isFatal {
            // Hung up before we had written all of it: quite right.
            totals.badFrames[kind, default: 0] += 1
            client.endFrame()
        } else {
            totals.brokenConnections += 1
        }
    }

    private func completed(_ client: FloodClient, _ index: Int) {
        let frame = client.frame!
        client.endFrame()
        switch frame {
        case .logs(let count):
            let messages = count / configuration.logsPerMessage
            client.endMessages(messages, logs: count, isWritten: true)
            totals.messages += messages
            totals.logs += count
            if configuration.statusEvery > 0, configuration.tags != .logs, client.messagesOnConnection % configuration.statusEvery == 0 {
                client.begin(.status, fill: Self.writeStatus)
            } else {
                endRunIfDue(client, index)
            }
        case .status:
            totals.statuses += 1
            endRunIfDue(client, index)
        case .bad(let kind):
            totals.badFrames[kind, default: 0] += 1
            if kind.isFatal {
                client.state = .awaitingHangup(deadline: SystemClock.monotonic + Self.patience)
                awaitingHangup += 1
                readiness.watch(client.descriptor, writable: false, token: index)
            } else if kind == .truncated {
                startNewRun(client, index)
            }
        }
    }

    private func endRunIfDue(_ client: FloodClient, _ index: Int) {
        if configuration.reconnectEvery > 0, client.messagesOnConnection >= configuration.reconnectEvery, messagesTaken < messagesMax {
            startNewRun(client, index)
        }
    }

    private func startNewRun(_ client: FloodClient, _ index: Int) {
        sessions.append(client.sentSession)
        client.startSession(SessionID(using: &generator))
        reconnect(client, index)
    }

    private func reconnect(_ client: FloodClient, _ index: Int) {
        client.disconnect()
        client.state = .disconnected(retryAt: 0)
        disconnected.append(index)
    }

    private func finish(_ client: FloodClient) {
        sessions.append(client.sentSession)
        client.disconnect()
        client.state = .finished
        unfinished -= 1
    }

    private func collectReady(wait: UInt64) throws(FloodError) {
        for index in try readiness.wait(wait) {
            let client = clients[index]
            switch client.state {
            case .blocked:
                client.state = .ready
                ready.append(index)
            case .awaitingHangup where client.hasBeenHungUp():
                awaitingHangup -= 1
                reconnect(client, index)
            case .awaitingHangup:
                readiness.watch(client.descriptor, writable: false, token: index)
            default: break
            }
        }
        guard awaitingHangup > 0 else { return }
        let now = SystemClock.monotonic
        let isOverdue = clients.contains { if case .awaitingHangup(let deadline) = $0.state { deadline < now } else { false } }
        if isOverdue { throw FloodError("the daemon did not close a connection within 20 s of an unknown tag or an overlong frame") }
    }

    /// One log dropped by a full channel, tag 2.
    private static func writeStatus(_ buffer: UnsafeMutableRawBufferPointer) -> Range<Int> {
        let frame: [UInt8] = [2, 0, 0, 4, 0x12, 2, 0x08, 1]
        buffer.copyBytes(from: frame)
        return 0..<frame.count
    }
}
