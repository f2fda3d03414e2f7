import EventLoop
import Pipeline
import Wire

/// Shows logs, when they come in, to those who follow. It never slows the proxy: what it may do in a window of time is bounded, and what does not fit is
/// skipped and counted. While nobody follows it costs one branch a frame.
///
/// Skipping is by frames where it can be, so that it costs nothing per log. Of skipped logs it is not known whether a filter would have taken them.
final class TapHub {
    static let window = Duration.milliseconds(100)
    /// Logs looked at in a window, over all followers, but for the rest of a frame.
    static let examinedPerWindow = 5_000
    /// Logs shown to one follower in a window.
    static let shownPerWindow = 500
    /// Bytes of events made in a window, over all followers, but for one event.
    static let bytesPerWindow = 512 << 10

    /// The one branch.
    private(set) var isFollowed = false
    private var followers: [TapFollower] = []
    /// Of those who have left.
    private var past = TapCounts()
    private var windowEnd: UInt64 = 0
    private var examinedLeft = 0
    private var bytesLeft = 0
    private var event: [UInt8] = []
    private var joined: [UInt8] = []
    private let timer: Timer
    private var isTimerSet = false

    init(_ loop: EventLoop) {
        weak var hub: TapHub?
        timer = Timer(loop) { hub?.tellAll() }
        hub = self
    }

    func close() {
        for follower in followers { leave(follower) }
        timer.close()
    }

    var counts: TapCounts { followers.reduce(into: past) { $0.add($1.counts) } }

    func follow(_ follower: TapFollower) {
        followers.append(follower)
        isFollowed = true
        // A window of its own, so that what it gets does not depend on who else is there.
        windowEnd = 0
    }

    func leave(_ follower: TapFollower) {
        guard let index = followers.firstIndex(where: { $0 === follower }) else { return }
        followers.remove(at: index)
        past.add(follower.counts)
        isFollowed = !followers.isEmpty
        if !isFollowed {
            timer.stop()
            isTimerSet = false
            (event, joined) = ([], [])
        }
    }

    /// A frame with logs has come, kept or dropped. `payload` as it was scanned.
    @inline(never)
    func note(_ request: ScannedRequest, of payload: RawSpan, from source: FrameSource, _ now: Instant) {
        if now.nanoseconds >= windowEnd { beginWindow(now.nanoseconds) }
        if let piece = request.piece {
            note(request, payload.extracting(piece), source)
        } else {
            joined.removeAll(keepingCapacity: true)
            joined.append(contentsOf: repeatElement(0, count: request.byteCount))
            joined.withUnsafeMutableBytes { BoundaryScan.copyRequest(request, of: payload, to: $0) }
            joined.withUnsafeBytes { note(request, $0.bytes, source) }
        }
        if !isTimerSet, followers.contains(where: { $0.untold > 0 }) {
            isTimerSet = true
            timer.start(after: Self.window)
        }
    }

    private func beginWindow(_ now: UInt64) {
        windowEnd = now + UInt64(Self.window.wholeNanoseconds)
        examinedLeft = Self.examinedPerWindow
        bytesLeft = Self.bytesPerWindow
        for follower in followers { follower.shownLeft = Self.shownPerWindow }
    }

    private func note(_ request: ScannedRequest, _ bytes: RawSpan, _ source: FrameSource) {
        var isWanted = false
        for follower in followers {
            follower.receive(request.logCount)
            follower.isInterested = false
            if !follower.filter.takesSession(bytes, request.sessionID) {
                follower.filterOut(request.logCount)
            } else if examinedLeft <= 0 || bytesLeft <= 0 || follower.shownLeft <= 0 {
                follower.skip(request.logCount)
            } else {
                follower.isInterested = true
                isWanted = true
            }
        }
        guard isWanted else { return }
        examinedLeft -= request.logCount
        let processID = source.peerProcessID
        var reader = LogReader()
        while let log = reader.next(in: bytes) {
            event.removeAll(keepingCapacity: event.capacity <= 64 << 10)
            for follower in followers where follower.isInterested {
                if follower.filter.deniedOnly, log.allowed {
                    follower.filterOut(1)
                } else if follower.shownLeft <= 0 || bytesLeft <= 0 {
                    follower.skip(1)
                } else {
                    if event.isEmpty { render(log, request, bytes, processID) }
                    follower.show(event)
                }
            }
        }
    }

    /// One event for all who want it.
    private func render(_ log: LogView, _ request: ScannedRequest, _ bytes: RawSpan, _ processID: Int32?) {
        event += Self.prefix
        NDJSON.append(log, of: bytes, sessionID: request.sessionID, processName: request.processName, to: &event)
        if let processID {
            // In the place of the line's end: } and the newline.
            event.removeLast(2)
            event += Array(",\"pid\":\(processID)}\n".utf8)
        }
        event.append(UInt8(ascii: "\n"))
        bytesLeft -= event.count
    }

    private static let prefix = Array("event: log\ndata: ".utf8)

    /// For the skipped after which no log comes. What has no room now is told when there is (`TapFollower`).
    private func tellAll() {
        isTimerSet = false
        for follower in followers { _ = follower.tell() }
    }
}
