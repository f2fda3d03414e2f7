internal import CCurl
import EventLoop
internal import Glibc

/// A byte pipe that libcurl makes (name resolution, proxies with CONNECT, TLS with verification) and that is then read and written here,
/// without blocking. Idle, it costs nothing: no timer, no wake-up.
///
/// https://curl.se/libcurl/c/CURLOPT_CONNECT_ONLY.html
final class CurlTunnel {
    enum Received: Equatable {
        case bytes(Int)
        /// `ready` will be called when there is more.
        case nothingNow
        case endOfFile
    }

    /// libcurl's words, which may hold URLs: see `Redaction`.
    struct Failure: Error {
        let text: String
    }

    /// Of a proxy's answers to CONNECT, together: libcurl has no bound of its own in 7.88.
    private static let proxyAnswerBytesMax = 64 << 10
    /// See `send`.
    private static let retryInterval = Duration.milliseconds(10)

    private let loop: EventLoop
    private let multi: CurlMulti
    private let usesTLS: Bool
    private let easy = CurlEasy()
    private var ready: (() -> Void)?
    private var watcher: PollWatcher?
    private(set) var socket: curl_socket_t = -1
    private var isWaitingToWrite = false
    private var retry: Timer?
    private var proxyAnswerBytes = 0
    private var isClosed = false

    /// `url` gives scheme, host and port. `unixSocketPath`: connects there instead, and no proxy is used. `userAgent`: for a proxy.
    init(
        _ loop: EventLoop, _ multi: CurlMulti, url: String, usesTLS: Bool, tls: TLSOptions, unixSocketPath: String?,
        connectTimeout: Duration, userAgent: String
    ) {
        self.loop = loop
        self.multi = multi
        self.usesTLS = usesTLS
        easy.setConnection(to: url, tls: tls, timeout: connectTimeout, userAgent: userAgent)
        easy.set(CURLOPT_CONNECT_ONLY, 1)
        // Whatever runs in the tunnel, it is not HTTP/2: ALPN must not offer it.
        easy.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        // Through a proxy by CONNECT also without TLS: we need the server, not the proxy.
        easy.set(CURLOPT_HTTPPROXYTUNNEL, 1)
        easy.set(CURLOPT_UNIX_SOCKET_PATH, unixSocketPath)
        discardProxyAnswers()
    }

    deinit {
        assert(ready == nil, "a CurlTunnel must be closed before it goes away")
    }

    /// `connected` is called once, in a later turn, unless `close` comes before: nil when the tunnel can be used, else why not.
    /// `ready` is called when there is something to receive, or room to send after `send` took nothing; again in every turn as long as that
    /// holds.
    func connect(connected: @escaping (Failure?) -> Void, ready: @escaping () -> Void) {
        self.ready = ready
        multi.start(easy.handle) { [unowned self] code in connected(finish(code)) }
    }

    /// Reads until it says `nothingNow` or `endOfFile`, or calls again by itself: TLS may hold bytes that the descriptor does not show.
    /// https://curl.se/libcurl/c/curl_easy_recv.html
    func receive(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Received {
        var count = 0
        let code = curl_easy_recv(easy.handle, buffer.baseAddress, buffer.count, &count)
        switch code {
        case CURLE_OK: return count > 0 ? .bytes(count) : .endOfFile
        case CURLE_AGAIN: return .nothingNow
        default: throw failure(code)
        }
    }

    /// What there is to receive shows at the descriptor: a read that did not fill its buffer has taken all.
    var showsAllInput: Bool { !usesTLS }

    /// How many bytes were taken; 0: none now. What was not taken comes again next, at the same address, with more behind it if at all: TLS has
    /// promised those bytes to its peer already.
    /// https://curl.se/libcurl/c/curl_easy_send.html
    func send(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> Int {
        var count = 0
        let code = curl_easy_send(easy.handle, bytes.baseAddress, bytes.count, &count)
        switch code {
        case CURLE_OK:
            waitToWrite(false)
            return count
        case CURLE_AGAIN:
            // Room, and yet nothing can be sent: TLS waits to receive. (Or room came up just now.) Being told of the room would be a
            // busy loop.
            if usesTLS, hasRoom {
                waitToWrite(false)
                startRetry()
            } else {
                waitToWrite(true)
            }
            return 0
        default: throw failure(code)
        }
    }

    /// Closes the connection; neither handler is called from then on. Idempotent.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        ready = nil
        retry?.close()
        // libcurl closes the descriptor, and CurlMulti the watcher before it.
        multi.remove(easy.handle)
        watcher?.close()
        watcher = nil
    }

    // MARK: Connecting

    private func finish(_ code: CURLcode) -> Failure? {
        guard code == CURLE_OK else { return failure(code) }
        guard let socket = easy.activeSocket else { return Failure(text: "libcurl gives no socket") }
        self.socket = socket
        do throws(LoopError) {
            watcher = try multi.watch(connection: socket) { [unowned self] _ in ready?() }
            watcher?.start(.readable)
            return nil
        } catch {
            return Failure(text: error.description)
        }
    }

    private func failure(_ code: CURLcode) -> Failure {
        if proxyAnswerBytes > Self.proxyAnswerBytesMax {
            return Failure(text: "the proxy's answer to CONNECT is longer than \(Self.proxyAnswerBytesMax) bytes")
        }
        return Failure(text: easy.describe(code))
    }

    /// They would go to standard output.
    private func discardProxyAnswers() {
        // Not retained: the handle is ours, and out of the multi before we go away.
        let me = Unmanaged.passUnretained(self).toOpaque()
        easy.set(CURLOPT_WRITEDATA, me)
        easy.set(CURLOPT_HEADERDATA, me)
        let count: curl_write_callback = { _, size, count, me in
            let tunnel = Unmanaged<CurlTunnel>.fromOpaque(me!).takeUnretainedValue()
            tunnel.proxyAnswerBytes += size * count
            return tunnel.proxyAnswerBytes <= CurlTunnel.proxyAnswerBytesMax ? size * count : 0
        }
        blp_easy_set_write(easy.handle, count)
        blp_easy_set_header(easy.handle, count)
    }

    // MARK: Waiting

    private func waitToWrite(_ waiting: Bool) {
        guard waiting != isWaitingToWrite else { return }
        isWaitingToWrite = waiting
        watcher?.start(waiting ? [.readable, .writable] : .readable)
    }

    private var hasRoom: Bool {
        var watched = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        return poll(&watched, 1, 0) == 1
    }

    private func startRetry() {
        if retry == nil { retry = Timer(loop) { [unowned self] in ready?() } }
        retry?.start(after: Self.retryInterval)
    }
}
