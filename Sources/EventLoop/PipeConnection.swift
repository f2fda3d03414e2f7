internal import CLibUV
internal import Glibc

/// One Unix-stream connection: accepted by a `PipeListener`, or made by `connect`. It is open, whoever keeps it, until `close`.
/// An idle one costs about 400 bytes: libuv's handle and this object; there are no closures and no buffers.
///
/// Reading is fair: one read per connection and turn, so that a client that floods delays the others by one round at most.
///
/// https://docs.libuv.org/en/v1.x/stream.html
public final class PipeConnection {
    /// Must outlive the connection, or be set to nil (as `close` does).
    public unowned(unsafe) var delegate: (any PipeConnectionDelegate)?

    private let loop: EventLoop
    private var handle: UnsafeMutablePointer<uv_pipe_t>?
    private var writability: Writability?
    private var turnOfLastRead = UInt64.max
    private var isReading = false
    private var hasEnded = false
    // libuv calls the read callback after the buffer callback in any case, but through a pointer that uv_read_stop and uv_close
    // clear. What is asked for inside `connectionWillRead` is therefore done in the read callback, which an empty buffer brings at
    // once.
    private var isAskingForBuffer = false
    private var isCloseRequested = false

    /// Takes ownership of a connected, non-blocking socket, in any outcome.
    /// https://docs.libuv.org/en/v1.x/pipe.html#c.uv_pipe_open
    init(_ loop: EventLoop, takingOwnershipOf descriptor: Int32) throws(LoopError) {
        let handle = HandleMemory.allocate(uv_pipe_t.self)
        HandleMemory.require(uv_pipe_init(loop.pointer, handle, 0), "uv_pipe_init")
        self.loop = loop
        self.handle = handle
        HandleMemory.adopt(handle, owner: self)
        let code = uv_pipe_open(handle, descriptor)
        guard code == 0 else {
            Glibc.close(descriptor)
            close()
            throw LoopError(code: code, attempt: "adopt a connection")
        }
    }

    /// Connects without waiting. `-EAGAIN`: somebody listens, but the backlog is full; try again later. `-ECONNREFUSED`: nobody listens.
    /// `-ENAMETOOLONG`: more than 107 bytes.
    public static func connect(_ loop: EventLoop, _ path: String) throws(LoopError) -> PipeConnection {
        let descriptor = try UnixSocket.make()
        let code = UnixSocket.connect(descriptor, to: path)
        guard code == 0 else {
            Glibc.close(descriptor)
            throw LoopError(errno: code, attempt: "connect to \(path)")
        }
        return try PipeConnection(loop, takingOwnershipOf: descriptor)
    }

    public var isClosed: Bool { openHandle == nil }

    /// The peer; nil when the kernel does not say, or when closed.
    public var peer: PeerCredentials? { descriptor.flatMap { PeerCredentials(of: $0) } }

    /// The peer's supplementary groups; empty when the kernel does not say, or when closed.
    public var peerGroups: [UInt32] { descriptor.map { PeerCredentials.groups(of: $0) } ?? [] }

    /// No effect when reading, ended or closed.
    /// https://docs.libuv.org/en/v1.x/stream.html#c.uv_read_start
    public func startReading() {
        guard !isReading, !hasEnded, let openHandle else { return }
        isReading = true
        guard !isAskingForBuffer else { return }
        HandleMemory.require(
            uv_read_start(
                stream(openHandle),
                { handle, _, buffer in
                    let space = HandleMemory.owner(handle!.pointee.data, as: PipeConnection.self).bufferForRead()
                    let count = UInt32(clamping: min(space.count, Int(Int32.max)))
                    buffer!.pointee = uv_buf_init(space.baseAddress?.assumingMemoryBound(to: CChar.self), count)
                },
                { handle, count, _ in
                    HandleMemory.owner(handle!.pointee.data, as: PipeConnection.self).readEnded(count)
                }), "uv_read_start")
    }

    /// No read callback comes after this returns, until startReading.
    /// https://docs.libuv.org/en/v1.x/stream.html#c.uv_read_stop
    public func stopReading() {
        guard isReading, let openHandle else { return }
        isReading = false
        if !isAskingForBuffer { uv_read_stop(stream(openHandle)) }
    }

    /// As `stopReading`, for a moment: what comes meanwhile, end of file included, does not even wake the loop. libuv leaves a descriptor that it
    /// was told to stop watching in its epoll set until something comes (`uv__io_poll`), and puts it in anew when it is told to start.
    /// Not inside `connectionWillRead`.
    public func restReading() {
        guard isReading, let descriptor else { return }
        assert(!isAskingForBuffer)
        stopReading()
        _ = blp_epoll_remove(uv_backend_fd(loop.pointer), descriptor)
    }

    /// Reads once, now, what has come meanwhile, if anything has; the delegate is called as for any other read. So a connection that rests is read without being
    /// put into the epoll set and taken out of it again. False when it was not its turn: it was read in this one already, or there was no room for it.
    /// https://man7.org/linux/man-pages/man2/read.2.html
    public func readNow() -> Bool {
        guard !hasEnded, !isAskingForBuffer, turnOfLastRead != loop.turn, let delegate, let descriptor else { return false }
        let buffer = delegate.connectionWillRead(self)
        // The delegate may have closed it.
        guard buffer.count > 0, !isClosed else { return false }
        while true {
            let count = read(descriptor, buffer.baseAddress, min(buffer.count, Int(Int32.max)))
            switch count {
            case 1...: readEnded(count)
            case 0: readEnded(Int(UV_EOF.rawValue))
            case _ where errno == EINTR: continue
            case _ where errno == EAGAIN: break
            default: readEnded(-Int(errno))
            }
            return true
        }
    }

    /// shutdown(SHUT_RD): what the peer has written is still read, then comes end of file; its later writes fail with EPIPE.
    public func endReading() {
        if let descriptor { shutdown(descriptor, Int32(SHUT_RD)) }
    }

    /// shutdown(SHUT_WR): the peer reads what was written, then end of file.
    public func endWriting() {
        if let descriptor { shutdown(descriptor, Int32(SHUT_WR)) }
    }

    /// Writes what the kernel takes now: the count of bytes taken, 0 when it would block (see `awaitWritable`). Never raises
    /// SIGPIPE: a peer that is gone is `-EPIPE` or `-ECONNRESET`.
    /// https://man7.org/linux/man-pages/man2/send.2.html
    public func write(_ bytes: UnsafeRawBufferPointer) throws(LoopError) -> Int {
        guard let descriptor else { throw LoopError(errno: EBADF, attempt: "write to a connection") }
        guard bytes.count > 0 else { return 0 }
        while true {
            let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN: return 0
            default: throw LoopError(errno: errno, attempt: "write to a connection")
            }
        }
    }

    /// Has `connectionIsWritable` called once, when a write can take something. Uses a second descriptor for the connection from
    /// the first call to `close`, since libuv watches one for one purpose only; fails when the process has none left.
    public func awaitWritable() throws(LoopError) {
        guard let descriptor else { return }
        if writability == nil { writability = try Writability(loop, descriptor: descriptor, connection: self) }
        writability!.await()
    }

    /// No callback comes after this returns. Idempotent.
    public func close() {
        guard let openHandle else { return }
        delegate = nil
        isReading = false
        writability?.close()
        writability = nil
        if isAskingForBuffer {
            isCloseRequested = true
        } else {
            handle = nil
            HandleMemory.close(openHandle)
        }
    }

    private var openHandle: UnsafeMutablePointer<uv_pipe_t>? { isCloseRequested ? nil : handle }

    private var descriptor: Int32? {
        guard let openHandle else { return nil }
        var descriptor: Int32 = -1
        return uv_fileno(HandleMemory.any(openHandle), &descriptor) == 0 ? descriptor : nil
    }

    private func stream(_ handle: UnsafeMutablePointer<uv_pipe_t>) -> UnsafeMutablePointer<uv_stream_t> {
        UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
    }

    private func bufferForRead() -> UnsafeMutableRawBufferPointer {
        // libuv goes on reading, up to 32 times, while reads fill their buffers.
        guard turnOfLastRead != loop.turn, let delegate else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        isAskingForBuffer = true
        let buffer = delegate.connectionWillRead(self)
        isAskingForBuffer = false
        return isReading ? buffer : UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    private func readEnded(_ count: Int) {
        switch count {
        case 1...:
            turnOfLastRead = loop.turn
            delegate?.connection(self, didRead: count)
        case 0:
            break  // Nothing was there (EAGAIN): again.
        case Int(UV_ENOBUFS.rawValue):
            // The empty buffer: not in this turn, or what was asked for in `connectionWillRead`.
            guard let handle else { break }
            if isCloseRequested {
                self.handle = nil
                HandleMemory.close(handle)
            } else if !isReading {
                uv_read_stop(stream(handle))
            }
        default:
            guard !hasEnded, let handle else { break }
            hasEnded = true
            isReading = false
            uv_read_stop(stream(handle))
            let isEndOfFile = count == Int(UV_EOF.rawValue)
            delegate?.connectionDidEnd(self, error: isEndOfFile ? nil : LoopError(code: Int32(count), attempt: "read from a connection"))
        }
    }
}
