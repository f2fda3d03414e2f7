import EventLoop
import Pipeline
import Wire

/// Takes in what clients write: reads, decodes, scans, and admits batches to the forwarder.
///
/// All connections read into one buffer. Its layout during a read:
///
///     | what the connection carried over from its last read | new bytes ... |
///
/// Confined to the loop's thread.
final class Intake {
    /// New bytes of one read, at most. More than a Unix socket's default buffer holds, so that one read takes all there is.
    static let readBytesMax = 256 << 10
    /// Holes that one warning names.
    private static let holesShownMax = 8
    private static let carriedBytesMax = FrameDecoder.headerBytes + FrameDecoder.payloadBytesMax

    let forwarder: Forwarder
    let complaints: Complaints
    let audit = SequenceAudit()
    private let loop: EventLoop
    private let buffer: UnsafeMutableRawBufferPointer
    private(set) var connections: [ClientConnection] = []
    /// Closed in this turn; freed when it is over, never inside their own callbacks.
    private var closed: [ClientConnection] = []
    private let connectionsMax: Int
    private let idleTimeout: Duration?
    private var idleTimer: Timer?
    private let moderation: ReadModeration
    private var round = ReadRound()
    /// nil: nothing but the socket brings frames.
    let submissions: Submissions?
    var statistics = IngestStatistics()
    /// Reading stands still because the ring is full (`--overflow block`).
    private(set) var isPaused = false
    private(set) var isEnding = false
    /// The place in `connections` of the one that was read last: reading goes on after it.
    private var lastServed = 0
    /// Time is up: what still comes is counted as received and dropped, not kept.
    private var isDiscarding = false
    private var nextNumber: UInt64 = 1
    /// Called when the last connection has closed.
    var onEmpty: (() -> Void)?

    init(
        loop: EventLoop, forwarder: Forwarder, complaints: Complaints, connectionsMax: Int, idleTimeout: Duration?, submissions: Submissions? = nil
    ) {
        self.submissions = submissions
        self.loop = loop
        self.forwarder = forwarder
        self.complaints = complaints
        self.connectionsMax = connectionsMax
        self.idleTimeout = idleTimeout
        // Not zeroed: pages are touched only as far as reads reach.
        buffer = .allocate(byteCount: Self.carriedBytesMax + Self.readBytesMax, alignment: 16)
        moderation = ReadModeration(loop)
        if idleTimeout != nil {
            idleTimer = Timer(loop) { [unowned self] in closeIdle() }
        }
    }

    deinit { buffer.deallocate() }

    // MARK: Connections

    func accept(_ pipe: PipeConnection) {
        statistics.connections += 1
        guard connections.count < connectionsMax else {
            statistics.connectionsRefused += 1
            complaints.warn(
                .connectionRefused, "connection refused: connections-max is reached",
                ["connections_max": "\(connectionsMax)"])
            pipe.close()
            return
        }
        let connection = ClientConnection(pipe: pipe, intake: self, number: nextNumber, index: connections.count)
        nextNumber += 1
        connection.lastActive = loop.now
        connections.append(connection)
        if isEnding { pipe.endReading() }
        if !isPaused { pipe.startReading() }
        if let idleTimeout, let idleTimer, !idleTimer.isActive { idleTimer.start(after: idleTimeout) }
    }

    /// Closes a connection whose bytes have been dealt with.
    func close(_ connection: ClientConnection) {
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.index] = last
            last.index = connection.index
        }
        connection.pipe.close()
        moderation.leave(connection)
        closed.append(connection)
        complainOfHoles(connection)
        if connections.isEmpty {
            idleTimer?.stop()
            onEmpty?()
        }
    }

    /// Nothing more comes from `source`.
    private func complainOfHoles(_ source: FrameSource) {
        for session in audit.connectionEnded(source.number, source.sequence) {
            complaints.warn(
                .logsMissing, "logs are missing: a session's connection ended, and of its sequence numbers some have not arrived",
                source.metadata([
                    "session": "\(session.session)", "process": "\(session.process)", "missing": "\(session.missing)",
                    "numbers": "\(session.holesText(max: Self.holesShownMax))",
                ]))
        }
    }

    private func closeIdle() {
        guard let idleTimeout, let idleTimer else { return }
        let limit = UInt64(clamping: idleTimeout.wholeNanoseconds)
        let now = loop.now
        var oldest = now
        for connection in connections where !isPaused {
            if now - min(connection.lastActive, now) >= limit {
                guard !connection.isEnding else { continue }
                statistics.connectionsIdleClosed += 1
                // What it has written meanwhile is still read, then its end of file closes it.
                connection.isEnding = true
                connection.pipe.endReading()
            } else {
                oldest = min(oldest, connection.lastActive)
            }
        }
        // Not more often than 20 times within the timeout, whatever the connections do.
        let next = max(limit - min(now - oldest, limit), limit / 20)
        if !connections.isEmpty { idleTimer.start(after: .nanoseconds(Int64(clamping: next))) }
    }

    /// What clients have written is still read; what they write from now on fails on their side.
    func endReading() {
        isEnding = true
        moderation.wake()
        for connection in connections { connection.pipe.endReading() }
    }

    /// Time is up: what clients have written, and what waits for room in the ring, is still read and counted, as dropped. Each connection comes
    /// to its end by that, since nothing more can be written to it.
    func discardRest() {
        guard !isDiscarding else { return }
        isDiscarding = true
        endReading()
        if isPaused { resume() }
        takeSubmissions()
    }

    /// No more is accepted: neither from clients, whose listener its owner closes, nor from the embedding program.
    func beginDrain() { submissions?.queue.close() }

    /// Nothing more will come, and all that came is in the ledger.
    var isDone: Bool { connections.isEmpty && submissions?.isEmpty != false }

    /// When `isDone`, or before anything came.
    func close() {
        assert(isDone)
        if let submissions {
            submissions.queue.close()
            submissions.queue.shut()
            complainOfHoles(submissions.source)
        }
        idleTimer?.close()
        idleTimer = nil
        moderation.close()
        closed = []
    }

    // MARK: Reading

    /// Where the next read of a connection goes; empty while reading stands still, and when it has to wait for the next turn.
    func room(for connection: ClientConnection) -> UnsafeMutableRawBufferPointer {
        guard !isPaused, round.mayRead(served: connection.round) else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        let carried = connection.decoder.carriedByteCount
        return UnsafeMutableRawBufferPointer(rebasing: buffer[carried..<carried + Self.readBytesMax])
    }

    var now: Instant { Instant(nanoseconds: loop.now) }

    func didRead(_ count: Int, from connection: ClientConnection) {
        statistics.bytes += UInt64(count)
        let now = loop.now
        connection.lastActive = now
        lastServed = connection.index
        round.didRead(count)
        connection.round = round.number
        let framesBefore = statistics.frames
        let carried = connection.decoder.takeCarried(into: buffer)
        decode(carried + count, of: connection, now: now)
        if !connection.pipe.isClosed { moderation.didRead(count, frames: Int(statistics.frames - framesBefore), from: connection, now: now) }
    }

    /// Decodes the first `count` bytes of the buffer, which came from `connection`.
    private func decode(_ count: Int, of connection: ClientConnection, now: UInt64) {
        let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]).bytes
        let arrived = Instant(nanoseconds: now)
        var offset = 0
        while true {
            let start = offset
            switch connection.decoder.next(in: bytes, offset: &offset) {
            case .frame(let tag, let payload):
                guard admit(tag, bytes.extracting(payload), from: connection, arrived) else {
                    connection.decoder.carry(bytes.extracting(start..<count))
                    pause()
                    return
                }
            case .needMoreBytes:
                connection.decoder.carry(bytes.extracting(offset..<count))
                return
            case .failed(let error):
                reject(error, of: connection)
                return
            }
        }
    }

    private func admit(_ tag: FrameTag, _ payload: RawSpan, from connection: ClientConnection, _ arrived: Instant) -> Bool {
        let content = BoundaryScan.scan(tag, payload)
        if case .invalid(let error) = content {
            complaints.warn(
                .invalidProtobuf, "frame dropped: its payload is not valid protobuf",
                connection.metadata(["error": "\(error)", "tag": "\(tag.rawValue)", "length": "\(payload.byteCount)"]))
        }
        return admit(content, payload, from: connection, arrived)
    }

    /// False when the ring has no room and the frame must be offered again.
    func admit(_ content: ScanResult, _ payload: RawSpan, from source: FrameSource, _ arrived: Instant) -> Bool {
        switch content {
        case .logs(let request) where isDiscarding:
            forwarder.refuse(logs: request.logCount, .shutdown)
            audit.record(request, of: payload, connection: source.number, hint: &source.sequence)
        case .logs(let request):
            switch forwarder.admit(request, of: payload, arrived: arrived, hint: &source.lane) {
            case .stored: break
            case .storedDropping, .dropped:
                complaints.warn(
                    .bufferFull, "the buffer is full: dropping logs",
                    ["buffer_bytes": "\(forwarder.ring.bytesMax)", "overflow": "\(forwarder.settings.overflow.rawValue)"])
            case .noRoom: return false
            }
            // Kept or dropped, it has arrived.
            audit.record(request, of: payload, connection: source.number, hint: &source.sequence)
        case .status(let channelFull, let batchFull):
            statistics.framesWithoutLogs += 1
            statistics.clientDroppedChannelFull &+= UInt64(max(channelFull, 0))
            statistics.clientDroppedBatchFull &+= UInt64(max(batchFull, 0))
        case .empty:
            statistics.framesWithoutLogs += 1
        case .invalid:
            statistics.invalidProtobuf += 1
        }
        statistics.frames += 1
        return true
    }

    private func reject(_ error: FramingError, of connection: ClientConnection) {
        switch error {
        case .unknownTag(let tag):
            statistics.unknownTag += 1
            complaints.warn(
                .framing, "connection closed: unknown frame tag \(tag), allowed are 1 and 2", connection.metadata())
        case .payloadTooLong(let length):
            statistics.tooLong += 1
            complaints.warn(
                .framing,
                "connection closed: frame of \(length) bytes, allowed are \(FrameDecoder.payloadBytesMax)",
                connection.metadata())
        }
        close(connection)
    }

    func didEnd(_ connection: ClientConnection, error: LoopError?) {
        let rest = connection.decoder.carriedByteCount
        if let error {
            complaints.warn(.readFailed, "\(error)", connection.metadata())
        }
        if rest > 0 {
            statistics.truncatedFrame += 1
            complaints.warn(
                .truncatedFrame, "the connection ended inside a frame", connection.metadata(["bytes": "\(rest)"]))
        }
        close(connection)
    }

    // MARK: Turns

    /// Called once per turn; regulates reading when the policy is `--overflow block`.
    func endTurn() {
        closed.removeAll(keepingCapacity: closed.capacity <= 64)
        round.endTurn()
        takeSubmissions()
        guard forwarder.settings.overflow == .block, !isDiscarding else { return }
        let (used, marks) = (forwarder.ring.bytesUsed, forwarder.readingMarks(now))
        if isPaused {
            if used <= marks.goOn {
                resume()
                takeSubmissions()
            }
        } else if used > marks.stop {
            pause()
        }
    }

    /// Lets clients that send steadily rest, after what is to be sent now has been.
    func moderate() {
        if !isPaused, !isEnding { moderation.endTurn(flushDue: forwarder.flushDue) }
    }

    func pause() {
        guard !isPaused else { return }
        moderation.forget()
        isPaused = true
        statistics.pauses += 1
        for connection in connections { connection.pipe.stopReading() }
    }

    /// Goes on in turn: whoever filled the ring comes last, so that none waits longer than one round of all others. Connections are read
    /// in the order in which reading starts.
    private func resume() {
        isPaused = false
        let now = loop.now
        // A copy: a connection may close.
        let next = min(lastServed + 1, connections.count)
        let order = connections[next...] + connections[..<next]
        // What was read before comes first; it may fill the ring again.
        for connection in order where connection.decoder.carriedByteCount > 0 {
            lastServed = connection.index
            decode(connection.decoder.takeCarried(into: buffer), of: connection, now: now)
            if isPaused { return }
        }
        for connection in order where !connection.pipe.isClosed {
            connection.lastActive = now
            connection.pipe.startReading()
        }
    }
}
