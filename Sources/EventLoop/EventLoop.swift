internal import CLibUV
internal import Glibc

/// One libuv loop. It and everything on it belong to the thread that runs it; from other threads only `Mailbox.post` may be called.
///
/// https://docs.libuv.org/en/v1.x/loop.html
public final class EventLoop {
    /// The loop, out of line: libuv's handles point to it. Kept apart from who owns it, so that a host's loop can be borrowed.
    let pointer: UnsafeMutablePointer<uv_loop_t>
    let ownsPointer: Bool

    /// Counts turns, for `PipeConnection`'s one read per turn.
    private(set) var turn: UInt64 = 0

    /// Called once per turn of the loop, after all timers and I/O callbacks of that turn: the place where work happens. It costs no
    /// wake-up and does not keep the loop running. What is recorded outside of a turn (before `run`) waits for the next turn: see
    /// `turnSoon`.
    ///
    /// https://docs.libuv.org/en/v1.x/check.html
    public var onTurn: (() -> Void)?

    /// The longest that a turn has taken so far, from the end of one wait to the beginning of the next, in nanoseconds: for so long nothing else was
    /// served. What the machine gave to other processes meanwhile counts too.
    ///
    /// nil on a host's loop, which is not ours to have measured.
    ///
    /// https://docs.libuv.org/en/v1.x/metrics.html#c.uv_metrics_idle_time
    public var longestTurn: UInt64? { ownsPointer ? longestTurnSeen : nil }
    private var longestTurnSeen: UInt64 = 0

    var check: UnsafeMutablePointer<uv_check_t>?
    /// Only to measure turns: nil on a host's loop.
    private var prepare: UnsafeMutablePointer<uv_prepare_t>?
    /// Before the last wait: the time, and how much of it had been waited.
    private var lastWait: (began: UInt64, idle: UInt64)?
    var skipWaiting: UnsafeMutablePointer<uv_idle_t>?
    private var isRunning = false
    /// See `leave`.
    var left: (() -> Void)?

    /// Fails when the process has no descriptor left.
    public init() throws(LoopError) {
        try Self.requireDescriptors()
        pointer = .allocate(capacity: 1)
        ownsPointer = true
        let code = uv_loop_init(pointer)
        guard code == 0 else {
            Self.closeLeftOver(pointer)
            pointer.deallocate()
            throw LoopError(code: code, attempt: "make an event loop")
        }
        HandleMemory.require(blp_uv_measure_idle_time(pointer), "uv_loop_configure")
        startTurnHandles()
    }

    /// libuv ends the process when the first loop in it finds no descriptors for the pipe of its signals. So we look first whether there are the six that such a
    /// loop takes: only somebody who takes the last ones in this very moment can still bring that about.
    /// https://github.com/libuv/libuv/blob/v1.44.2/src/unix/signal.c#L105
    private static func requireDescriptors() throws(LoopError) {
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { Glibc.close(descriptor) } }
        for _ in 0..<3 {
            var pair: [Int32] = [-1, -1]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
                throw LoopError(errno: errno, attempt: "make an event loop")
            }
            descriptors += pair
        }
    }

    /// uv_loop_init of 1.44 leaves its epoll descriptor open where it finds none for what it makes next. Of other versions that is not known: a number that
    /// was closed may be somebody else's by now.
    private static func closeLeftOver(_ pointer: UnsafeMutablePointer<uv_loop_t>) {
        let descriptor = uv_backend_fd(pointer)
        if uv_version() >> 8 == 1 << 8 | 44, descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// See `init(borrowing:)`.
    init(runByHost loop: UnsafeMutablePointer<uv_loop_t>) {
        pointer = loop
        ownsPointer = false
        startTurnHandles()
    }

    deinit {
        assert(check == nil, "an EventLoop must be closed before it goes away")
    }

    /// The running libuv's version, e.g. `1.44.2`.
    /// https://docs.libuv.org/en/v1.x/version.html#c.uv_version_string
    public static var libraryVersion: String { String(cString: uv_version_string()) }

    /// Monotonic nanoseconds, read now.
    /// https://docs.libuv.org/en/v1.x/misc.html#c.uv_hrtime
    public var now: UInt64 { uv_hrtime() }

    /// Runs until `stop` is called or nothing is active.
    /// https://docs.libuv.org/en/v1.x/loop.html#c.uv_run
    public func run() {
        run(UV_RUN_DEFAULT)
    }

    /// One turn; with `waiting` false it polls without blocking. Returns whether anything is still active.
    @discardableResult public func runOnce(waiting: Bool = true) -> Bool {
        run(waiting ? UV_RUN_ONCE : UV_RUN_NOWAIT)
    }

    /// Ends `run` after the current turn; called before `run`, it makes that return at once.
    /// https://docs.libuv.org/en/v1.x/loop.html#c.uv_stop
    public func stop() {
        uv_stop(pointer)
    }

    /// The current turn (or the next one, when none is under way) does not wait for I/O, so that `onTurn` comes soon. Handlers on this
    /// loop never need it: timers come before a turn's I/O, and see to this themselves.
    public func turnSoon() {
        guard let skipWaiting, onTurn != nil else { return }
        HandleMemory.require(uv_idle_start(skipWaiting) { _ in }, "uv_idle_start")
    }

    /// Runs what is closing to its end, waits for file writes that are under way, and closes the loop. Idempotent. Every handle
    /// must have been closed before; one that was not is a bug, and traps with its kind. A write that hangs (a full pipe that
    /// nobody reads) makes this hang too.
    /// https://docs.libuv.org/en/v1.x/loop.html#c.uv_loop_close
    public func close() {
        precondition(ownsPointer, "a host's loop is closed by the host")
        guard let check, let prepare, let skipWaiting else { return }
        precondition(!isRunning, "an event loop cannot be closed from inside of its callbacks")
        onTurn = nil
        self.check = nil
        self.prepare = nil
        self.skipWaiting = nil
        // These belong to no Swift object: their data is nil.
        HandleMemory.any(check).pointee.data = nil
        HandleMemory.any(prepare).pointee.data = nil
        HandleMemory.any(skipWaiting).pointee.data = nil
        HandleMemory.close(check)
        HandleMemory.close(prepare)
        HandleMemory.close(skipWaiting)
        repeat {
            let leaked = openHandles()
            precondition(leaked.isEmpty, "event loop closed with open handles: \(leaked.joined(separator: ", "))")
            // stop() may have been called: then this takes one turn, hence the loop.
        } while run(UV_RUN_DEFAULT)
        HandleMemory.require(uv_loop_close(pointer), "uv_loop_close")
        pointer.deallocate()
    }

    @discardableResult private func run(_ mode: uv_run_mode) -> Bool {
        precondition(ownsPointer, "a host's loop is run by the host")
        precondition(!isRunning, "an event loop cannot be run from inside of its callbacks")
        isRunning = true
        // What the owner does between two runs is not a turn.
        lastWait = nil
        defer { isRunning = false }
        return uv_run(pointer, mode) != 0
    }

    private func startTurnHandles() {
        let check = HandleMemory.allocate(uv_check_t.self)
        HandleMemory.require(uv_check_init(pointer, check), "uv_check_init")
        // Not retained: `close` clears both handles before the loop can go away.
        check.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        HandleMemory.require(
            uv_check_start(check) { check in
                HandleMemory.owner(check!.pointee.data, as: EventLoop.self).turnEnded()
            }, "uv_check_start")
        uv_unref(HandleMemory.any(check))
        self.check = check

        // An active idle handle makes libuv poll without waiting.
        let idle = HandleMemory.allocate(uv_idle_t.self)
        HandleMemory.require(uv_idle_init(pointer, idle), "uv_idle_init")
        uv_unref(HandleMemory.any(idle))
        skipWaiting = idle
        if ownsPointer { startMeasuring() }
    }

    private func startMeasuring() {
        let prepare = HandleMemory.allocate(uv_prepare_t.self)
        HandleMemory.require(uv_prepare_init(pointer, prepare), "uv_prepare_init")
        prepare.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        HandleMemory.require(
            uv_prepare_start(prepare) { prepare in
                HandleMemory.owner(prepare!.pointee.data, as: EventLoop.self).willWait()
            }, "uv_prepare_start")
        uv_unref(HandleMemory.any(prepare))
        self.prepare = prepare
    }

    private func willWait() {
        let (now, idle) = (uv_hrtime(), uv_metrics_idle_time(pointer))
        if let lastWait { longestTurnSeen = max(longestTurnSeen, now - lastWait.began - min(idle - lastWait.idle, now - lastWait.began)) }
        lastWait = (now, idle)
    }

    /// libuv takes a wait that a signal ended for time spent working.
    func leaveTurnUnmeasured() { lastWait = nil }

    private func turnEnded() {
        turn &+= 1
        if let skipWaiting { uv_idle_stop(skipWaiting) }
        onTurn?()
    }

    private func openHandles() -> [String] {
        var names: [String] = []
        withUnsafeMutablePointer(to: &names) { names in
            uv_walk(
                pointer,
                { handle, names in
                    guard let handle, let names, uv_is_closing(handle) == 0 else { return }
                    let name = uv_handle_type_name(uv_handle_get_type(handle)).map { String(cString: $0) } ?? "unknown"
                    names.assumingMemoryBound(to: [String].self).pointee.append(name)
                }, names)
        }
        return names
    }
}
