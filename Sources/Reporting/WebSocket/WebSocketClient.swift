import EventLoop
internal import Glibc
import Wire

/// One WebSocket connection to a server, as a pipe of bytes: what the delegate produces goes out in binary messages, the payload of what
/// comes is handed on as it comes.
///
/// Memory is fixed: nothing is queued, neither messages nor pongs. Open and idle it costs nothing: no timer, no wake-up. Confined to the
/// loop's thread; usable once.
///
/// https://www.rfc-editor.org/rfc/rfc6455
final class WebSocketClient {
    static let readBytes = 16 << 10
    /// In one turn of the loop, each way, so that one connection does not keep the others waiting.
    static let bytesPerTurnMax = 256 << 10

    enum State {
        case idle, connecting, upgrading, open
        case closing(Closing)
        case ended
    }

    struct Closing {
        /// Of our close; nil: none, in answer to none.
        var code: Int?
        var isWritten = false
        /// The server's close, when it has come.
        var end: WebSocketEnd?
    }

    /// Over the connection, upgrade and frame headers included; within TLS.
    var bytesIn: UInt64 = 0
    var bytesOut: UInt64 = 0

    let configuration: WebSocketConfiguration
    let redaction: Redaction
    let wallClock: () -> Int64
    private let loop: EventLoop
    private let multi: CurlMulti
    private let url: ReportURL
    weak var delegate: (any WebSocketClientDelegate)?

    var state = State.idle
    var tunnel: CurlTunnel?
    let reader = WebSocketFrameReader()
    let writer: WebSocketFrameWriter
    private let key: WebSocketKey?
    var answer: UpgradeReader?
    /// The last ping's payload, until it is answered: of several only the last must be (RFC 6455, section 5.5.3).
    let pong: UnsafeMutableRawBufferPointer
    var pongBytes: Int?
    let readBuffer: UnsafeMutableRawBufferPointer
    /// Nothing can be sent any more; what has come is still to be read.
    var sendFailure: WebSocketEnd?
    /// Reading or writing is under way further up the stack, and will see to the rest.
    var isBusy = false
    private var deadline: Timer?
    private var later: NextTurn?
    private var end: WebSocketEnd?

    /// Throws what is wrong with the configuration. `multi` must carry nothing else while this is not ended. `delegate` is not retained.
    /// `wallClock`: seconds since 1970, for a `Retry-After` that is a date; the system's if nil.
    init(
        _ loop: EventLoop, _ multi: CurlMulti, _ configuration: WebSocketConfiguration, delegate: any WebSocketClientDelegate,
        wallClock: (() -> Int64)? = nil
    ) throws(ReportingError) {
        try configuration.validate()
        url = try ReportURL(configuration.url)
        // Nothing throws from here on, so that `deinit` frees them.
        pong = .allocate(byteCount: WebSocketFrameReader.controlBytesMax, alignment: 1)
        readBuffer = .allocate(byteCount: Self.readBytes, alignment: 16)
        redaction = Redaction(headers: configuration.headers, url: url)
        var random = RandomBytes()
        key = WebSocketKey(&random)
        writer = WebSocketFrameWriter(random)
        self.loop = loop
        self.multi = multi
        self.configuration = configuration
        self.delegate = delegate
        self.wallClock = wallClock ?? { Int64(time(nil)) }
    }

    deinit {
        assert(tunnel == nil && later == nil, "a WebSocketClient must have ended before it goes away")
        pong.deallocate()
        readBuffer.deallocate()
    }

    /// Connects; once.
    func open() {
        guard case .idle = state else { preconditionFailure("a WebSocketClient was opened twice") }
        state = .connecting
        deadline = Timer(loop) { [unowned self] in timeIsOver() }
        later = NextTurn(loop) { [unowned self] in goOn() }
        let tunnel = CurlTunnel(
            loop, multi, url: configuration.url, usesTLS: url.scheme == "https", tls: configuration.tls,
            unixSocketPath: configuration.unixSocketPath, connectTimeout: configuration.connectTimeout, userAgent: configuration.userAgent)
        self.tunnel = tunnel
        tunnel.connect { [unowned self] failure in
            if let failure { finish(.connectFailed(redaction.excerpt(message: failure.text))) } else { upgrade() }
        } ready: { [unowned self] in
            ready()
        }
    }

    /// Output may be waiting in the delegate: asks for it, now, as far as the server takes bytes.
    func flush() {
        guard !isBusy else { return }
        write()
    }

    /// Says goodbye, with code 1000, after what was produced; nothing more is asked for. What comes until the end is still handed on. Ends
    /// within `closeTimeout`.
    func close() {
        switch state {
        case .idle, .ended, .closing: return
        case .connecting, .upgrading: finish(.closed(code: nil, reason: "closed before it was open"))
        case .open:
            beginClosing(Closing(code: 1000))
            flush()
        }
    }

    /// Says goodbye if the server takes it at once, and ends without waiting for an answer.
    func hangUp() {
        close()
        finish(.closed(code: nil, reason: "hung up"))
    }

    /// Hands on what has come, without waiting for the socket to be seen readable.
    func receiveWaiting() {
        if !isBusy { read() }
    }

    /// Ends at once; nothing is called any more.
    func abort() {
        state = .ended
        end = nil
        releaseConnection()
        later?.close()
        later = nil
    }

    // MARK: Begin and end

    /// Only now the headers, which hold secrets, are let out: the connection is made and verified.
    private func upgrade() {
        guard let key else { return finish(.connectFailed("the system gives no random bytes")) }
        state = .upgrading
        answer = UpgradeReader(expectedAccept: key.accept)
        writer.write(raw: configuration.request(url, key: key.text))
        deadline?.start(after: configuration.upgradeTimeout)
        write()
    }

    func opened() {
        state = .open
        answer = nil
        deadline?.stop()
        delegate?.webSocketOpened()
    }

    func beginClosing(_ closing: Closing) {
        state = .closing(closing)
        deadline?.start(after: configuration.closeTimeout)
    }

    /// The delegate is told in a turn of its own.
    func finish(_ end: WebSocketEnd) {
        if case .ended = state { return }
        state = .ended
        self.end = end
        releaseConnection()
        later?.schedule()
    }

    private func releaseConnection() {
        deadline?.close()
        deadline = nil
        tunnel?.close()
        tunnel = nil
    }

    private func timeIsOver() {
        switch state {
        case .upgrading:
            upgradeEnded(.connectFailed("the server did not answer the WebSocket upgrade within \(configuration.upgradeTimeout)"))
        case .closing(let closing):
            finish(closing.end ?? .transport("the server did not answer the close within \(configuration.closeTimeout)"))
        case .idle, .connecting, .open, .ended: break
        }
    }

    // MARK: Turns

    /// The rest of a turn that was long enough, or the end.
    private func goOn() {
        guard case .ended = state else { return ready() }
        later?.close()
        later = nil
        guard let end else { return }
        self.end = nil
        delegate?.webSocketEnded(end)
    }

    func continueSoon() {
        later?.schedule()
    }

    private func ready() {
        read()
        if let sendFailure, tunnel != nil { hungUp(sendFailure) } else { write() }
    }
}
