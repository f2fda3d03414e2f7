internal import CMicrohttpd

/// The body of an answer that is written while the client reads it, for as long as both want (`HTTPServerResponse.stream`).
///
/// What the client does not take yet waits in a buffer of fixed size. Nothing is sent, and nobody wakes up, while nothing is written; so a client that
/// has gone is noticed at a later write.
public final class HTTPStream {
    /// The client has gone, was cut off, or has all that was written before `end`. Called once; not for a stream that is closed by its server.
    public var onClosed: (() -> Void)?
    /// What was written has left the buffer. It may write to this stream, and nothing else.
    public var onDrained: (() -> Void)?
    /// No more will be sent.
    public private(set) var isClosed = false

    /// A client that takes nothing for so long is cut off.
    static let stalledSecondsMax: UInt32 = 300
    /// Bytes handed to libmicrohttpd at once, which it keeps room for.
    static let chunkBytesMax = 32 << 10

    /// MHD_CONTENT_READER_END_OF_STREAM, a macro that Swift does not import.
    private static let endOfStream = -1

    private let bufferBytesMax: Int
    private var buffer: [UInt8] = []
    /// What of the buffer has left.
    private var sent = 0
    private var isEnded = false
    private var isSuspended = false
    private var connection: OpaquePointer?
    private var wake: (() -> Void)?

    public init(bufferBytesMax: Int) { self.bufferBytesMax = bufferBytesMax }

    public var bufferedBytes: Int { buffer.count - sent }

    /// Takes all of it or, when there is no room, nothing. False also when closed or ended.
    public func write(_ bytes: [UInt8]) -> Bool {
        guard !isEnded, !isClosed, bufferedBytes + bytes.count <= bufferBytesMax else { return false }
        if sent > 0, buffer.count + bytes.count > bufferBytesMax { dropSent() }
        buffer += bytes
        resume()
        return true
    }

    /// The answer ends after what was written. Idempotent.
    public func end() {
        isEnded = true
        resume()
    }

    // MARK: The server's side

    func attach(to connection: OpaquePointer, wake: @escaping () -> Void) {
        self.connection = connection
        self.wake = wake
    }

    /// `isTold`: whether the owner hears of it.
    func close(isTold: Bool) {
        guard !isClosed else { return }
        isClosed = true
        (connection, wake) = (nil, nil)
        (buffer, sent) = ([], 0)
        let onClosed = self.onClosed
        (self.onClosed, onDrained) = (nil, nil)
        if isTold { onClosed?() }
    }

    private func resume() {
        guard isSuspended, let connection else { return }
        isSuspended = false
        MHD_resume_connection(connection)
        wake?()
    }

    private func dropSent() {
        buffer.removeFirst(sent)
        sent = 0
    }

    /// libmicrohttpd's content reader: bytes given, 0 when suspended, -1 at the end.
    /// https://www.gnu.org/software/libmicrohttpd/manual/libmicrohttpd.html#microhttpd_002dresponse-create
    fileprivate func read(into destination: UnsafeMutableRawBufferPointer) -> Int {
        if bufferedBytes == 0, !isEnded { onDrained?() }
        guard bufferedBytes > 0 else {
            buffer.removeAll(keepingCapacity: buffer.capacity <= Self.chunkBytesMax)
            sent = 0
            guard !isEnded, !isClosed, let connection else { return Self.endOfStream }
            isSuspended = true
            MHD_suspend_connection(connection)
            return 0
        }
        let count = min(destination.count, bufferedBytes)
        buffer.withUnsafeBytes { destination.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[sent..<sent + count])) }
        sent += count
        return count
    }

    /// https://www.gnu.org/software/libmicrohttpd/manual/libmicrohttpd.html#microhttpd_002dresponse-create
    func makeResponse() -> OpaquePointer? {
        let retained = Unmanaged.passRetained(self)
        let response = MHD_create_response_from_callback(
            .max, Self.chunkBytesMax,
            { stream, _, buffer, count in
                Unmanaged<HTTPStream>.fromOpaque(stream!).takeUnretainedValue().read(into: UnsafeMutableRawBufferPointer(start: buffer, count: count))
            }, retained.toOpaque(),
            { stream in Unmanaged<HTTPStream>.fromOpaque(stream!).release() })
        if response == nil { retained.release() }
        return response
    }
}
