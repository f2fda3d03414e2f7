import EventLoop
import Pipeline

/// Lets clients that send steadily wait a little, so that a wake-up brings more than one message: on an idle core waking up costs several times what
/// a message costs. Network cards do the same with interrupts.
///
/// A connection that sends often joins a group. Between two reads the whole group *rests*: it is not polled, and nothing that comes wakes the loop. Then all
/// of it is read in one turn, asked for or not: from rest to rest it stays out of the epoll set. Others are read as their bytes come, and a connection that has
/// been quiet for a while leaves.
///
/// Reading rests only while what is read has to wait for the next flush anyway, so that no log is sent later by it; and so shortly that the kernel's
/// socket buffers cannot fill: a client that floods does not rest at all.
///
/// Confined to the loop's thread.
final class ReadModeration {
    /// A connection joins when it sends a second frame so soon after the first.
    private static let steadyNanoseconds: UInt64 = 10_000_000
    /// It leaves after so many rests without a byte.
    private static let quietRestsMax: UInt8 = 2
    /// More are not worth the system calls: so many wake the loop up for each other.
    private static let groupMax = 256
    /// What the kernel counts for a frame besides its bytes: two writes, each in a buffer of its own, at worst.
    private static let frameCost = 2 << 10

    private let loop: EventLoop
    private var timer: Timer?
    private var group: [ClientConnection] = []
    private var isResting = false
    /// The group was woken, and this turn reads what came meanwhile.
    private var isGathering = false
    private var length = RestLength()
    private var fillMost = 0

    init(_ loop: EventLoop) {
        self.loop = loop
        timer = Timer(loop) { [unowned self] in gather() }
    }

    func close() {
        timer?.close()
        timer = nil
        group = []
    }

    // MARK: What is read

    func didRead(_ count: Int, frames: Int, from connection: ClientConnection, now: UInt64) {
        let fill = count + frames * Self.frameCost
        fillMost = max(fillMost, fill)
        guard frames > 0 else { return }
        let isSteady = now - min(connection.lastFrame, now) < Self.steadyNanoseconds
        connection.lastFrame = now
        connection.quietRests = 0
        guard isSteady, connection.groupIndex < 0, group.count < Self.groupMax else { return }
        connection.groupIndex = group.count
        group.append(connection)
    }

    func leave(_ connection: ClientConnection) {
        let index = connection.groupIndex
        guard index >= 0 else { return }
        connection.groupIndex = -1
        let last = group.removeLast()
        guard last !== connection else { return }
        group[index] = last
        last.groupIndex = index
    }

    func isResting(_ connection: ClientConnection) -> Bool { isResting && connection.groupIndex >= 0 }

    // MARK: Rests

    /// At the end of a turn: rests if it may. `flushDue`: what is read before then is not sent before then; nil: it may be sent at once.
    func endTurn(flushDue: Instant?) {
        defer { (fillMost, isGathering) = (0, false) }
        guard !isResting, !group.isEmpty else { return }
        length.adapt(fillMost: fillMost, hasRested: isGathering)
        if isGathering { dismissQuiet() }
        guard let flushDue, let timer else { return poll() }
        let now = loop.now
        let most = min(length.nanoseconds, flushDue.nanoseconds - min(flushDue.nanoseconds, now))
        guard most >= RestLength.shortest, !group.isEmpty else { return poll() }
        isResting = true
        for connection in group { connection.pipe.restReading() }
        timer.start(after: .nanoseconds(Int64(most)))
    }

    private func dismissQuiet() {
        for connection in group.reversed() {
            connection.quietRests += 1
            guard connection.quietRests > Self.quietRestsMax else { continue }
            leave(connection)
            connection.pipe.startReading()
        }
    }

    /// The rest is over: all are read. They stay out of the epoll set, since the next rest is likely to begin when this turn ends.
    private func gather() {
        guard isResting else { return }
        isResting = false
        isGathering = true
        var someWereLeftOut = false
        // A copy: whoever is read may leave.
        for connection in group where connection.groupIndex >= 0 {
            if !connection.pipe.readNow() { someWereLeftOut = true }
            // Reading was stopped for all.
            guard isGathering else { return }
        }
        if someWereLeftOut { poll() }
    }

    /// All are read as bytes come, from now on.
    private func poll() {
        for connection in group { connection.pipe.startReading() }
    }

    /// The rest is over, before its time.
    func wake() {
        guard isResting else { return }
        timer?.stop()
        isResting = false
        isGathering = true
        poll()
    }

    /// Somebody else has stopped the reading, and will start it.
    func forget() {
        timer?.stop()
        (isResting, isGathering) = (false, false)
    }
}
