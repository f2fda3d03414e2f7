import Glibc

/// One boundary: a connection, a session, and the frame that is being written. The fleet says when it may go on.
///
/// A frame counts as sent when its last byte is in the socket. One that was not wholly written when the connection broke was not received by anyone. Where the
/// daemon ended the connection it is written again, whole, on the next one, so that it is not lost over a fault of the daemon's; where the flood had killed
/// the daemon the client loses it, as boundary does, and goes on with the next numbers.
final class FloodClient {
    /// What a frame, or several messages that are written as one, is to the books.
    enum Frame: Equatable { case logs(Int), status, bad(BadFrame) }

    enum State: Equatable {
        /// To be connected at this time or later.
        case disconnected(retryAt: UInt64)
        /// May write.
        case ready
        /// The socket is full.
        case blocked
        /// A fatal frame was sent: the daemon has to hang up by this time.
        case awaitingHangup(deadline: UInt64)
        case finished
    }

    enum WriteResult: Equatable { case complete, blocked, broken }

    var state = State.disconnected(retryAt: 0)
    /// The frame under way.
    private(set) var frame: Frame?
    private(set) var session: SessionID
    private(set) var trailer: [UInt8]
    /// Logs numbered so far.
    private(set) var logsNumbered = 0
    private(set) var history: MessageHistory?
    private(set) var messagesOnConnection = 0
    /// Kills of the daemon before this connection was made.
    private(set) var killsBefore = 0
    /// The first vain attempt to connect since the last good one.
    var connectingSince: UInt64?
    private var socket: UnixClientSocket?
    private let buffer: UnsafeMutableRawBufferPointer
    private var range = 0..<0
    private var written = 0

    /// `history`: an empty one, where the daemon is going to be killed. `roomBytes`: for more than one frame.
    init(session: SessionID, history: MessageHistory? = nil, roomBytes: Int = 0) {
        self.session = session
        self.history = history
        trailer = MessageEncoder.trailer(session)
        // Room behind the longest frame for what a bad frame has too much.
        buffer = .allocate(byteCount: MessageEncoder.bufferBytes + 32 + roomBytes, alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// -1 while disconnected.
    private(set) var descriptor: Int32 = -1

    func connect(to path: String, killsBefore: Int = 0) throws(FloodError) -> UnixClientSocket.ConnectResult {
        let socket = try UnixClientSocket()
        let result = try socket.connect(to: path)
        if case .connected = result {
            descriptor = socket.descriptor
            self.socket = consume socket
            self.killsBefore = killsBefore
            messagesOnConnection = 0
            written = 0
        }
        return result
    }

    func disconnect() {
        socket = nil
        descriptor = -1
    }

    /// Ends this boundary run and begins another.
    func startSession(_ session: SessionID) {
        self.session = session
        trailer = MessageEncoder.trailer(session)
        logsNumbered = 0
        if let history { self.history = MessageHistory(logsPerMessage: history.logsPerMessage) }
    }

    /// What is known of the session so far.
    var sentSession: SentSession { SentSession(id: session, logs: logsNumbered, history: history) }

    /// Lays the next frame out by `fill`, which gets the buffer and returns where in it the frame lies.
    func begin(_ frame: Frame, fill: (UnsafeMutableRawBufferPointer) -> Range<Int>) {
        self.frame = frame
        range = fill(buffer)
        written = 0
    }

    func endFrame() { frame = nil }

    /// The frame under way, or so many messages of so many logs together, is wholly written, or will never be.
    func endMessages(_ messages: Int, logs: Int, isWritten: Bool) {
        endFrame()
        logsNumbered += logs
        if isWritten {
            messagesOnConnection += messages
            history?.wrote(at: SystemClock.monotonic)
        } else {
            history?.failed()
        }
    }

    /// To be called just before the kill of this number, on the thread that writes: what lies in the socket then, nobody reads any more.
    func noteKill(_ kill: Int) {
        var bytes: Int32 = 0
        guard history != nil, descriptor >= 0, ioctl(descriptor, UInt(TIOCOUTQ), &bytes) == 0, bytes > 0, range.count > 0 else { return }
        // The kernel tells its memory, which is more than the bytes in it: an upper bound.
        let messages = (Int(bytes) + range.count - 1) / range.count
        history?.noteUnread(min(messages, messagesOnConnection), atKill: kill)
    }

    /// Writes what the socket takes; `writes` 2 splits header from payload as boundary does. Adds the bytes to `bytes`.
    func write(writes: Int, bytes: inout Int) -> WriteResult {
        let descriptor = descriptor
        while written < range.count {
            let end = writes == 2 && written < MessageEncoder.headerBytes ? min(MessageEncoder.headerBytes, range.count) : range.count
            let count = send(descriptor, buffer.baseAddress! + range.lowerBound + written, end - written, Int32(MSG_NOSIGNAL))
            if count >= 0 {
                written += count
                bytes += count
            } else if errno == EAGAIN {
                return .blocked
            } else if errno != EINTR {
                return .broken
            }
        }
        return .complete
    }

    /// Whether the daemon has hung up. It never answers, so anything but "again" is an end.
    func hasBeenHungUp() -> Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT))
        return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
    }
}
