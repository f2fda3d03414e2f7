internal import CMicrohttpd
import EventLoop
internal import Glibc

/// A small HTTP/1.1 server on the loop's thread: libmicrohttpd without a thread, by its epoll descriptor. Idle, it does not wake up; a
/// kept-alive connection costs one wake-up, when it is closed after 30 idle seconds.
///
/// https://www.gnu.org/software/libmicrohttpd/manual/libmicrohttpd.html
public final class HTTPServer {
    public typealias Handler = (HTTPServerRequest, _ respond: @escaping (HTTPServerResponse) -> Void) -> Void

    /// The running libmicrohttpd's version, e.g. `0.9.75`.
    /// https://www.gnu.org/software/libmicrohttpd/manual/libmicrohttpd.html#microhttpd_002dutil
    public static var libraryVersion: String { String(cString: MHD_get_version()) }

    /// The port listened on; 0 on a Unix socket.
    public let port: UInt16

    private let bodyBytesMax: Int
    /// Thrown away at most for the sake of a readable 413; a client that sends more is cut off.
    private let discardedBytesMax: Int
    private var handler: Handler?
    private var daemon: OpaquePointer?
    private var watcher: PollWatcher?
    private var timer: Timer?
    private var nextTurn: NextTurn?
    private var isRunning = false
    private var isCloseRequested = false
    private var suspended: [ObjectIdentifier: Exchange] = [:]
    /// Those whose answers are streams.
    private var streaming: [ObjectIdentifier: Exchange] = [:]

    /// Listens on `host:port` (port 0: any free one). `host` is an IP address or `localhost` (127.0.0.1). `bodyBytesMax`: a larger
    /// request is answered 413. `connectionsMax`: further clients wait in the kernel's queue.
    ///
    /// The handler answers now or later, through `respond`, exactly once; all on the loop's thread. An answer for a client that has
    /// gone, or after `close`, has no effect. To HEAD requests answer as to GET: only the header is sent.
    public convenience init(
        _ loop: EventLoop, host: String, port: UInt16, bodyBytesMax: Int, connectionsMax: Int, handler: @escaping Handler
    ) throws(Failure) {
        let address = try ListeningAddress(host: host, port: port)
        try self.init(
            loop, listening: address.descriptor, port: address.port, name: "\(host):\(address.port)", bodyBytesMax: bodyBytesMax,
            connectionsMax: connectionsMax, handler: handler)
    }

    /// As the other one, on a listening Unix socket (`ListeningSocket`), which is owned from here on, in any outcome. `path` is for messages.
    public convenience init(
        _ loop: EventLoop, takingOwnershipOf descriptor: Int32, path: String, bodyBytesMax: Int, connectionsMax: Int, handler: @escaping Handler
    ) throws(Failure) {
        try self.init(
            loop, listening: descriptor, port: 0, name: path, bodyBytesMax: bodyBytesMax, connectionsMax: connectionsMax, handler: handler)
    }

    private init(
        _ loop: EventLoop, listening descriptor: Int32, port: UInt16, name: String, bodyBytesMax: Int, connectionsMax: Int,
        handler: @escaping Handler
    ) throws(Failure) {
        self.port = port
        self.bodyBytesMax = bodyBytesMax
        self.discardedBytesMax = max(64 << 20, bodyBytesMax)
        self.handler = handler
        // Half of a connection's memory is its read buffer. It is mapped, not touched, until a large body comes.
        daemon = blp_mhd_start(
            descriptor, UInt32(clamping: connectionsMax), 256 << 10, 64 << 10, 30,
            { server, connection, path, method, _, upload, uploadSize, exchange in
                guard let server, let connection, let uploadSize, let exchange else { return .NO }
                return Unmanaged<HTTPServer>.fromOpaque(server).takeUnretainedValue().proceed(
                    connection, path: path, method: method, upload: UnsafeRawBufferPointer(start: upload, count: uploadSize.pointee),
                    uploadSize: uploadSize, slot: exchange)
            },
            { server, _, exchange, _ in
                guard let server, let exchange else { return }
                Unmanaged<HTTPServer>.fromOpaque(server).takeUnretainedValue().completed(slot: exchange)
            }, Unmanaged.passUnretained(self).toOpaque())
        guard let daemon else {
            Glibc.close(descriptor)
            throw Failure(address: name, reason: "libmicrohttpd could not be started")
        }
        // From here to `close` these closures keep the server alive: libmicrohttpd does not.
        nextTurn = NextTurn(loop) { self.proceed() }
        timer = Timer(loop) { self.proceed() }
        do throws(LoopError) {
            watcher = try PollWatcher(loop, descriptor: blp_mhd_epoll_descriptor(daemon)) { _ in self.proceed() }
        } catch {
            close()
            throw Failure(address: name, reason: error.description)
        }
        watcher?.start(.readable)
    }

    /// Stops listening; what the handler has not answered gets 503, and streams what is in their buffers and their end, as far as the client takes it
    /// at once. May be called in the handler: it is then done when that returns. Idempotent.
    public func close() {
        guard daemon != nil else { return }
        isCloseRequested = true
        handler = nil
        if !isRunning { shutDown() }
    }

    private func shutDown() {
        guard let daemon else { return }
        // libmicrohttpd must not be stopped while connections are suspended.
        for exchange in suspended.values {
            exchange.state = .answered(.plain(503, "shutting down"))
            MHD_resume_connection(exchange.connection)
        }
        suspended = [:]
        for exchange in streaming.values { exchange.stream?.end() }
        isRunning = true
        for _ in 0..<4 { MHD_run(daemon) }
        watcher?.close()
        for exchange in streaming.values { exchange.stream?.close(isTold: false) }
        streaming = [:]
        MHD_stop_daemon(daemon)
        isRunning = false
        self.daemon = nil
        timer?.close()
        nextTurn?.close()
        (watcher, timer, nextTurn) = (nil, nil, nil)
    }

    /// Lets libmicrohttpd do what it can, and finds out when it wants to be called again.
    private func proceed() {
        guard let daemon, !isRunning else { return }
        let connectionsBefore = blp_mhd_connection_count(daemon)
        isRunning = true
        MHD_run(daemon)
        isRunning = false
        guard !isCloseRequested else { return shutDown() }
        // At its limit libmicrohttpd stops polling its listening socket, and takes that up again only when it is next run.
        if blp_mhd_connection_count(daemon) < connectionsBefore { nextTurn?.schedule() }
        var milliseconds: UInt64 = 0
        if MHD_get_timeout(daemon, &milliseconds) != .YES {
            timer?.stop()
        } else if milliseconds == 0 {
            nextTurn?.schedule()
        } else {
            timer?.start(after: .milliseconds(milliseconds))
        }
    }

    /// libmicrohttpd's access handler: called at the end of a request's header, for every piece of the body, at its end, and after
    /// resuming.
    private func proceed(
        _ connection: OpaquePointer, path: UnsafePointer<CChar>?, method: UnsafePointer<CChar>?, upload: UnsafeRawBufferPointer,
        uploadSize: UnsafeMutablePointer<Int>, slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    ) -> MHD_Result {
        guard let known = slot.pointee else {
            let exchange = Exchange(
                connection: connection, method: method.map { String(cString: $0) } ?? "", path: path.map { String(cString: $0) } ?? "",
                bodyBytesMax: bodyBytesMax)
            slot.pointee = Unmanaged.passRetained(exchange).toOpaque()
            return begin(exchange)
        }
        let exchange = Unmanaged<Exchange>.fromOpaque(known).takeUnretainedValue()
        guard upload.isEmpty else {
            uploadSize.pointee = 0
            return receive(upload, exchange)
        }
        switch exchange.state {
        case .receiving: return handOver(exchange)
        case .discarding: return exchange.queue(tooLarge)
        case .answered(let response): return queue(response, exchange)
        case .waiting, .finished: return .YES
        }
    }

    private func begin(_ exchange: Exchange) -> MHD_Result {
        guard let contentLength = exchange.contentLength, contentLength > bodyBytesMax else { return .YES }
        if exchange.expectsContinue || contentLength > discardedBytesMax { return exchange.queue(tooLarge) }
        exchange.state = .discarding(byteCount: 0)
        return .YES
    }

    private func receive(_ bytes: UnsafeRawBufferPointer, _ exchange: Exchange) -> MHD_Result {
        switch exchange.state {
        case .receiving where exchange.request.body.count + bytes.count <= bodyBytesMax:
            exchange.request.body.append(contentsOf: bytes)
        case .receiving:
            exchange.request.body = []
            exchange.state = .discarding(byteCount: bytes.count)
        case .discarding(let byteCount) where byteCount + bytes.count > discardedBytesMax:
            return .NO
        case .discarding(let byteCount):
            exchange.state = .discarding(byteCount: byteCount + bytes.count)
        case .waiting, .answered, .finished:
            break
        }
        return .YES
    }

    private func handOver(_ exchange: Exchange) -> MHD_Result {
        guard let handler else { return exchange.queue(.plain(503, "shutting down")) }
        exchange.state = .waiting(isSuspended: false)
        var request = HTTPServerRequest(method: "", path: "", query: [:], headers: [:], body: [])
        swap(&request, &exchange.request)
        var isUsed = false
        handler(request) { [weak self] response in
            precondition(!isUsed, "an HTTP request was answered twice")
            isUsed = true
            self?.answer(exchange, response)
        }
        if case .answered(let response) = exchange.state { return queue(response, exchange) }
        // No answer will come through a closed server.
        if isCloseRequested { return exchange.queue(.plain(503, "shutting down")) }
        exchange.state = .waiting(isSuspended: true)
        suspended[ObjectIdentifier(exchange)] = exchange
        MHD_suspend_connection(exchange.connection)
        return .YES
    }

    private func answer(_ exchange: Exchange, _ response: HTTPServerResponse) {
        guard case .waiting(let isSuspended) = exchange.state else {
            response.stream?.close(isTold: true)
            return
        }
        exchange.state = .answered(response)
        guard isSuspended else { return }
        suspended[ObjectIdentifier(exchange)] = nil
        MHD_resume_connection(exchange.connection)
        nextTurn?.schedule()
    }

    private func queue(_ response: HTTPServerResponse, _ exchange: Exchange) -> MHD_Result {
        if let stream = response.stream {
            exchange.stream = stream
            streaming[ObjectIdentifier(exchange)] = exchange
            stream.attach(to: exchange.connection) { [weak self] in self?.nextTurn?.schedule() }
            // libmicrohttpd must not be stopped while it is suspended.
            if isCloseRequested { stream.end() }
        }
        return exchange.queue(response)
    }

    private func completed(slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>) {
        guard let known = slot.pointee else { return }
        slot.pointee = nil
        let exchange = Unmanaged<Exchange>.fromOpaque(known).takeRetainedValue()
        // An answer that was made and never queued has a stream, too.
        if case .answered(let response) = exchange.state { response.stream?.close(isTold: true) }
        exchange.state = .finished
        suspended[ObjectIdentifier(exchange)] = nil
        streaming[ObjectIdentifier(exchange)] = nil
        exchange.stream?.close(isTold: !isCloseRequested)
        exchange.stream = nil
    }

    private var tooLarge: HTTPServerResponse {
        .plain(413, "a request's body may have \(bodyBytesMax) bytes")
    }
}
