import EventLoop
import Logging
import Pipeline
import Wire

/// Takes in what clients write: reads, decodes, scans, and admits batches to all destinations.
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

    let fanOut: FanOut
    private let destinationNames: [String]
    let complaints: Complaints
    let audit = SequenceAudit()
    let tap: TapHub
    let loop: EventLoop
    private let buffer: UnsafeMutableRawBufferPointer
    private(set) var connections: [ClientConnection] = []
    /// Closed in this turn; freed when it is over, never inside their own callbacks.
    private var closed: [ClientConnection] = []
    /// Those above a lower one stay.
    var connectionsMax: Int
    var gate = PeerGate()
    /// nil: no limit.
    var idleDeadline: ClientDeadline?
    var frameDeadline: ClientDeadline?
    var rateLimiter: RateLimiter?
    let moderation: ReadModeration
    // What is unchecked is read and set, and never lent to a call that comes back here: run-time checks of that are dear.
    @exclusivity(unchecked) private(set) var round = ReadRound()
    /// nil: nothing but the socket brings frames.
    let submissions: Submissions?
    @exclusivity(unchecked) var statistics = IngestStatistics()
    /// Reading stands still because the ring is full (`--overflow block`).
    @exclusivity(unchecked) private(set) var isPaused = false
    @exclusivity(unchecked) private(set) var isEnding = false
    /// The place in `connections` of the one that was read last: reading goes on after it.
    @exclusivity(unchecked) private var lastServed = 0
    /// Time is up: what still comes is counted as received and dropped, not kept.
    @exclusivity(unchecked) private var isDiscarding = false
    private var nextNumber: UInt64 = 1
    /// Called when the last connection has closed.
    var onEmpty: (() -> Void)?

    init(
        loop: EventLoop, fanOut: FanOut, destinationNames: [String], complaints: Complaints, connectionsMax: Int, idleTimeout: Duration?, frameTimeout: Duration?,
        clientBytesPerSecond: Int, submissions: Submissions? = nil
    ) {
        self.submissions = submissions
        self.loop = loop
        tap = TapHub(loop)
        self.fanOut = fanOut
        self.destinationNames = destinationNames
        self.complaints = complaints
        self.connectionsMax = connectionsMax
        idleDeadline = idleTimeout.map { ClientDeadline(loop, $0) }
        frameDeadline = frameTimeout.map { ClientDeadline(loop, $0) }
        // Not zeroed: pages are touched only as far as reads reach.
        buffer = .allocate(byteCount: Self.carriedBytesMax + Self.readBytesMax, alignment: 16)
        moderation = ReadModeration(loop)
        rateLimiter = makeRateLimiter(clientBytesPerSecond)
    }

    deinit { buffer.deallocate() }

    // MARK: Connections

    func accept(_ pipe: PipeConnection) {
        statistics.connections += 1
        guard gate.isOpen || gate.admits(pipe.peer, supplementary: { pipe.peerGroups }) else { return refuse(pipe) }
        guard connections.count < connectionsMax else {
            statistics.connectionsRefused += 1
            complaints.warn(
                .connectionRefused, "connection refused: connections-max is reached",
                ["connections_max": "\(connectionsMax)"])
            pipe.close()
            return
        }
        let connection = ClientConnection(pipe: pipe, intake: self, number: nextNumber, index: connections.count, now: loop.now)
        nextNumber += 1
        connections.append(connection)
        if isEnding { pipe.endReading() }
        if !isPaused { pipe.startReading() }
        idleDeadline?.arm()
    }

    /// Who may connect, by the socket's rights, but not speak.
    private func refuse(_ pipe: PipeConnection) {
        statistics.connectionsNotAllowed += 1
        complaints.warn(
            .peerNotAllowed, "connection refused: its user is not in allow-uid, and none of its groups in allow-gid",
            {
                var metadata: Logger.Metadata = [:]
                ClientPeer(of: pipe).add(to: &metadata)
                return metadata
            }())
        pipe.close()
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
        rateLimiter?.leave(connection)
        closed.append(connection)
        complainOfHoles(connection)
        if connections.isEmpty {
            idleDeadline?.stop()
            frameDeadline?.stop()
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

    /// What clients have written is still read; what they write from now on fails on their side.
    func endReading() {
        isEnding = true
        moderation.wake()
        // Nothing more can be written, and what was fits into their sockets.
        rateLimiter?.resumeAll()
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
        idleDeadline?.close()
        frameDeadline?.close()
        rateLimiter?.close()
        rateLimiter = nil
        moderation.close()
        tap.close()
        closed = []
    }

    // MARK: Reading

    /// Where the next read of a connection goes; empty while reading stands still, and when it has to wait for the next turn.
    func room(for connection: ClientConnection) -> UnsafeMutableRawBufferPointer {
        guard !isPaused, round.mayRead(served: connection.round) else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        let carried = connection.decoder.carriedByteCount
        var count = Self.readBytesMax
        if let rateLimiter, !isEnding { count = min(count, rateLimiter.limit.available(connection.bucket, now: loop.now)) }
        return UnsafeMutableRawBufferPointer(rebasing: buffer[carried..<carried + count])
    }

    var now: Instant { Instant(nanoseconds: loop.now) }

    func didRead(_ count: Int, from connection: ClientConnection) {
        statistics.bytes += UInt64(count)
        let now = loop.now
        connection.lastActive = now
        connection.bytes += UInt64(count)
        lastServed = connection.index
        round.didRead(count)
        connection.round = round.number
        let framesBefore = statistics.frames
        let carried = connection.decoder.takeCarried(into: buffer)
        decode(carried + count, of: connection, now: now)
        if connection.pipe.isClosed { return }
        if let rateLimiter, !isEnding, rateLimiter.didRead(count, from: connection, now: now) {
            statistics.rateLimitPauses += 1
            return moderation.leave(connection)
        }
        moderation.didRead(count, frames: Int(statistics.frames - framesBefore), from: connection, now: now)
    }

    /// Decodes the first `count` bytes of the buffer, which came from `connection`, and keeps account of it.
    private func decode(_ count: Int, of connection: ClientConnection, now: UInt64) {
        let (frames, logs) = (statistics.frames, fanOut.received.logs)
        decodeFrames(count, of: connection, now: now)
        let framesRead = statistics.frames - frames
        connection.frames += framesRead
        connection.logs += fanOut.received.logs - logs
        if connection.decoder.carriedByteCount == 0 {
            connection.frameBegan = 0
        } else if connection.frameBegan == 0 || framesRead > 0 {
            connection.frameBegan = now
            frameDeadline?.arm()
        }
    }

    private func decodeFrames(_ count: Int, of connection: ClientConnection, now: UInt64) {
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
            fanOut.refuse(logs: request.logCount, .shutdown)
            audit.record(request, of: payload, connection: source.number, hint: &source.sequence)
            if tap.isFollowed { tap.note(request, of: payload, from: source, arrived) }
        case .logs(let request):
            switch fanOut.admit(request, of: payload, arrived: arrived, hint: &source.lane) {
            case .taken: break
            case .takenDropping(let droppers, _): complainOfDrops(droppers)
            case .noRoom: return false
            }
            // Kept or dropped, it has arrived.
            audit.record(request, of: payload, connection: source.number, hint: &source.sequence)
            if tap.isFollowed { tap.note(request, of: payload, from: source, arrived) }
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

    private func complainOfDrops(_ droppers: CursorSet) {
        for (index, name) in destinationNames.enumerated() where droppers.contains(index) {
            complaints.warn(
                .bufferFull, of: name, "the buffer is full: dropping logs",
                [
                    "destination": "\(name)", "buffer_bytes": "\(fanOut.ring.bytesMax)",
                    "overflow": "\(fanOut.forwarders[index].settings.overflow.rawValue)",
                ])
        }
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
        if rest > 0, connection.hasTimedOut {
            statistics.frameTimeout += 1
            complaints.warn(
                .frameTimeout, "connection closed: a frame was begun and not complete within frame-timeout", connection.metadata(["bytes": "\(rest)"]))
        } else if rest > 0 {
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
        lookForLate()
        takeSubmissions()
        guard fanOut.overflow == .block, !isDiscarding else {
            // The policy has changed meanwhile.
            if isPaused {
                resume()
                takeSubmissions()
            }
            return
        }
        if isPaused {
            if fanOut.isToGoOnReading(now) {
                resume()
                takeSubmissions()
            }
        } else if fanOut.isToStopReading(now) {
            pause()
        }
    }

    /// Lets clients that send steadily rest, after what is to be sent now has been.
    func moderate() {
        if !isPaused, !isEnding { moderation.endTurn(flushDue: fanOut.flushDue) }
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
        for connection in order where !connection.pipe.isClosed && !connection.isPaused { startReading(connection, now: now) }
    }

    /// Its `client-rate-limit` allows it again.
    func resume(_ connection: ClientConnection) {
        if !isPaused { startReading(connection, now: loop.now) }
    }

    /// After a pause that was ours, the time of which is not the client's.
    private func startReading(_ connection: ClientConnection, now: UInt64) {
        connection.lastActive = now
        if connection.frameBegan > 0 {
            connection.frameBegan = now
            frameDeadline?.arm()
        }
        connection.pipe.startReading()
    }
}
