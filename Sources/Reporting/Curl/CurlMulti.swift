internal import CCurl
import EventLoop
internal import Glibc

typealias CurlHandle = UnsafeMutableRawPointer

/// libcurl's multi interface on an event loop: any number of transfers, no thread, no blocking call, and nothing at all while no transfer
/// runs.
///
/// libcurl may not be called from inside its own socket and timer callbacks, so those only start and stop watchers and the timer; a
/// finished transfer is recorded and its handler called after `curl_multi_socket_action` has returned, from where every call is allowed
/// again.
///
/// https://curl.se/libcurl/c/libcurl-multi.html
final class CurlMulti {
    /// How a transfer ended. The handle is still in the multi: its info can be read; `remove` comes next (a CONNECT_ONLY handle stays until
    /// it is done with).
    typealias Finished = (CURLcode) -> Void

    private let loop: EventLoop
    private var multi: CurlHandle?
    private var timer: Timer?
    /// Reports transfers that ended inside `start`, which may not call back.
    private var later: NextTurn?
    /// One for each descriptor that libcurl wants watched.
    private var watchers: [curl_socket_t: PollWatcher] = [:]
    private var handlers: [CurlHandle: Finished] = [:]
    /// Descriptors of CONNECT_ONLY connections that `watch(connection:)` handed out.
    private var tunnels: Set<curl_socket_t> = []
    private var ended: [(easy: CurlHandle, code: CURLcode)] = []
    /// Pieces of bodies that libcurl took; who gives them counts.
    var bodyReads = 0

    init(_ loop: EventLoop) {
        self.loop = loop
        CurlLibrary.initialize()
        guard let multi = curl_multi_init() else { preconditionFailure("curl_multi_init: out of memory") }
        self.multi = multi
        timer = Timer(loop) { [unowned self] in
            act(on: Self.timeout, 0)
            report()
        }
        later = NextTurn(loop) { [unowned self] in report() }
        // Not retained: `close` ends all callbacks before this object can go away.
        let me = Unmanaged.passUnretained(self).toOpaque()
        blp_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, me)
        blp_multi_set_pointer(multi, CURLMOPT_TIMERDATA, me)
        blp_multi_set_socket(multi) { _, socket, what, me, _ in
            CurlMulti.from(me).watch(socket, what)
            return 0
        }
        blp_multi_set_timer(multi) { _, milliseconds, me in
            CurlMulti.from(me).wake(after: milliseconds)
            return 0
        }
    }

    deinit {
        assert(multi == nil, "a CurlMulti must be closed before it goes away")
    }

    /// Starts a transfer, at once as far as it goes without waiting. `finished` is called exactly once unless `remove` comes before, and
    /// never inside this call.
    /// https://curl.se/libcurl/c/curl_multi_add_handle.html
    func start(_ easy: CurlHandle, finished: @escaping Finished) {
        guard let multi else { preconditionFailure("a transfer was started on a closed CurlMulti") }
        // libcurl tidies its connections at each start, and one with unread input that no transfer waits for is dead to it.
        assert(tunnels.isEmpty, "a transfer was started beside a CONNECT_ONLY connection")
        // libcurl's own are not closed on exec: a program that our process starts would keep a connection open that we have closed.
        // https://curl.se/libcurl/c/CURLOPT_OPENSOCKETFUNCTION.html
        blp_easy_set_open_socket(easy) { _, _, address in
            guard let address = address?.pointee else { return -1 }
            return Glibc.socket(address.family, address.socktype | Int32(SOCK_CLOEXEC.rawValue), address.protocol)
        }
        // libcurl keeps connections longer than the handle that made them, and copies these two into each.
        blp_easy_set_close_socket(easy) { me, socket in CurlMulti.from(me).closeSocket(socket) }
        blp_easy_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(self).toOpaque())
        handlers[easy] = finished
        if curl_multi_add_handle(multi, easy) == CURLM_OK {
            // libcurl has asked for a timer of 0 ms, and would wait for it. Acting now saves a turn: on a kept connection the request is
            // written here.
            act(on: Self.timeout, 0)
        } else {
            ended.append((easy, CURLE_FAILED_INIT))
        }
        if !ended.isEmpty { later?.schedule() }
    }

    /// Watches the descriptor of a CONNECT_ONLY connection that is made, until `remove` of its transfer, which closes both. No other
    /// transfer may be started in the meantime.
    func watch(connection socket: curl_socket_t, _ handler: @escaping (PollWatcher.Events) -> Void) throws(LoopError) -> PollWatcher {
        // A descriptor has one watcher: kept with libcurl's own, it is closed before the descriptor, whoever closes that.
        assert(watchers[socket] == nil, "libcurl still watches a connection that it has handed over")
        let watcher = try PollWatcher(loop, descriptor: socket, handler)
        watchers[socket] = watcher
        tunnels.insert(socket)
        return watcher
    }

    /// Takes a transfer out, finished or not; libcurl calls none of its callbacks from then on. The connection is kept if it can be used
    /// again; one of CONNECT_ONLY is closed.
    /// https://curl.se/libcurl/c/curl_multi_remove_handle.html
    func remove(_ easy: CurlHandle) {
        guard let multi else { return }
        handlers[easy] = nil
        ended.removeAll { $0.easy == easy }
        curl_multi_remove_handle(multi, easy)
    }

    /// Closes all connections; every transfer must have been removed. `closed` is called in a later turn, when no handle is left. Once
    /// only.
    /// https://curl.se/libcurl/c/curl_multi_cleanup.html
    func close(_ closed: @escaping () -> Void) {
        guard let multi else { preconditionFailure("a CurlMulti was closed twice") }
        precondition(handlers.isEmpty, "a CurlMulti was closed with transfers in it")
        curl_multi_cleanup(multi)
        self.multi = nil
        for watcher in watchers.values { watcher.close() }
        watchers = [:]
        timer?.close()
        timer = nil
        later?.close()
        later = nil
        var last: NextTurn?
        last = NextTurn(loop) {
            last?.close()
            last = nil
            closed()
        }
        last?.schedule()
    }

    // MARK: Acting

    /// So that others have their turn. One action is a piece of 64 KiB of each body on the connection.
    private static let actionsInTurnMax = 8
    /// CURL_SOCKET_TIMEOUT: no descriptor, but time has passed.
    private static let timeout: curl_socket_t = -1

    /// https://curl.se/libcurl/c/curl_multi_socket_action.html
    private func act(on socket: curl_socket_t, _ events: Int32) {
        guard let multi else { return }
        var running: Int32 = 0
        curl_multi_socket_action(multi, socket, events, &running)
        // Drained after every action: what is left unread is not announced again.
        var waiting: Int32 = 0
        while let message = curl_multi_info_read(multi, &waiting) {
            guard message.pointee.msg == CURLMSG_DONE else { continue }
            ended.append((message.pointee.easy_handle, message.pointee.data.result))
        }
    }

    /// A handler may start, remove and close.
    private func report() {
        while !ended.isEmpty {
            let (easy, code) = ended.removeFirst()
            handlers.removeValue(forKey: easy)?(code)
        }
    }

    // MARK: Called by libcurl

    private static func from(_ me: UnsafeMutableRawPointer?) -> CurlMulti {
        Unmanaged<CurlMulti>.fromOpaque(me!).takeUnretainedValue()
    }

    /// https://curl.se/libcurl/c/CURLMOPT_SOCKETFUNCTION.html
    private func watch(_ socket: curl_socket_t, _ what: Int32) {
        var events: PollWatcher.Events = []
        if what & CURL_POLL_IN != 0, what != CURL_POLL_REMOVE { events.insert(.readable) }
        if what & CURL_POLL_OUT != 0, what != CURL_POLL_REMOVE { events.insert(.writable) }
        guard !events.isEmpty else {
            watchers.removeValue(forKey: socket)?.close()
            return
        }
        if let watcher = watchers[socket] { return watcher.start(events) }
        // A descriptor that cannot be watched leaves its transfer to its timeout.
        guard
            let watcher = try? PollWatcher(
                loop, descriptor: socket,
                { [unowned self] ready in
                    var bits: Int32 = 0
                    if ready.contains(.readable) { bits |= CURL_CSELECT_IN }
                    if ready.contains(.writable) { bits |= CURL_CSELECT_OUT }
                    // A body leaves in pieces of 64 KiB, and libcurl would wait for each: mostly there is room for the next.
                    var actions = 0
                    var before: Int
                    repeat {
                        before = bodyReads
                        act(on: socket, bits)
                        actions += 1
                        bits = CURL_CSELECT_OUT
                    } while bodyReads > before && actions < Self.actionsInTurnMax && ended.isEmpty
                    report()
                })
        else { return }
        watchers[socket] = watcher
        watcher.start(events)
    }

    /// libuv's epoll may not hold a descriptor that is closed.
    /// https://curl.se/libcurl/c/CURLOPT_CLOSESOCKETFUNCTION.html
    private func closeSocket(_ socket: curl_socket_t) -> Int32 {
        tunnels.remove(socket)
        watchers.removeValue(forKey: socket)?.close()
        return Glibc.close(socket)
    }

    /// https://curl.se/libcurl/c/CURLMOPT_TIMERFUNCTION.html
    private func wake(after milliseconds: Int) {
        if milliseconds < 0 {
            timer?.stop()
        } else {
            // 0 would let timers that libcurl sets again and again starve the loop's I/O.
            timer?.start(after: .milliseconds(max(1, milliseconds)))
        }
    }
}
