import Pipeline
import Wire

/// A connection: what its client has written, as far as the proxy has not read it, and what the proxy ought to find in it.
final class SimulatedClient {
    enum Frame {
        case logs(LogRange)
        case status
        /// A frame whose bytes are no message.
        case garbage
    }

    var decoder = FrameDecoder()
    var hint = LaneHint()
    /// In the kernel's buffer.
    private(set) var unread: [UInt8] = []
    private(set) var readCount = 0
    private var frames: [Frame] = []
    private var framesSeen = 0
    /// The stream breaks the framing where `frames` end.
    private(set) var isBroken = false
    /// The client will write no more.
    private(set) var hasEnded = false

    var unreadCount: Int { unread.count - readCount }
    var isSettled: Bool { unreadCount == 0 && decoder.carriedByteCount == 0 }

    func write(_ frame: Frame, _ bytes: [UInt8]) {
        guard !isBroken, !hasEnded else { preconditionFailure("a client wrote after its end") }
        if readCount == unread.count { (unread, readCount) = ([], 0) }
        unread += bytes
        frames.append(frame)
    }

    func breakFraming(_ bytes: [UInt8]) {
        unread += bytes
        isBroken = true
    }

    /// Ends, with a part of a frame left behind when given.
    func end(_ bytes: ArraySlice<UInt8> = []) {
        unread += bytes
        hasEnded = true
    }

    /// Hands over `count` unread bytes.
    func read(_ count: Int) -> ArraySlice<UInt8> {
        defer { readCount += count }
        return unread[readCount..<readCount + count]
    }

    /// The frame that the proxy must find now.
    func nextFrame() throws(Violation) -> Frame {
        guard framesSeen < frames.count else { throw Violation("a frame was found that nobody wrote") }
        return frames[framesSeen]
    }

    func didAdmit() { framesSeen += 1 }
    var hasSeenAllFrames: Bool { framesSeen == frames.count }
}
