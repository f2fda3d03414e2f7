internal import CLibUV

/// Watches one descriptor that another library owns. Only one watcher may exist per descriptor and loop.
///
/// https://docs.libuv.org/en/v1.x/poll.html
public final class PollWatcher {
    public struct Events: OptionSet, Sendable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }
        public static let readable = Events(rawValue: 1)
        public static let writable = Events(rawValue: 2)
    }

    private var handle: UnsafeMutablePointer<uv_poll_t>?
    private var handler: ((Events) -> Void)?
    private var wanted: Events = []

    /// `handler` gets the events that are ready, again in every turn as long as they are; an error on the descriptor is reported as both.
    /// The descriptor is made non-blocking. Fails for descriptors that cannot be polled (regular files) or are watched already.
    public init(_ loop: EventLoop, descriptor: Int32, _ handler: @escaping (Events) -> Void) throws(LoopError) {
        let handle = HandleMemory.allocate(uv_poll_t.self)
        let code = uv_poll_init(loop.pointer, handle, descriptor)
        guard code == 0 else {
            UnsafeMutableRawPointer(handle).deallocate()
            throw LoopError(code: code, attempt: "watch descriptor \(descriptor)")
        }
        self.handle = handle
        self.handler = handler
        HandleMemory.adopt(handle, owner: self)
    }

    /// Watches for these events instead of those before; none is the same as `stop`.
    public func start(_ events: Events) {
        guard let handle else { return }
        wanted = events
        guard !events.isEmpty else {
            uv_poll_stop(handle)
            return
        }
        HandleMemory.require(
            uv_poll_start(handle, events.rawValue) { handle, status, events in
                HandleMemory.owner(handle!.pointee.data, as: PollWatcher.self).ready(status: status, events: events)
            }, "uv_poll_start")
    }

    public func stop() {
        start([])
    }

    /// Stops for good; the descriptor may be closed as soon as this returns, and not before. Idempotent.
    public func close() {
        guard let handle else { return }
        self.handle = nil
        handler = nil
        HandleMemory.close(handle)
    }

    private func ready(status: Int32, events: Int32) {
        if status < 0 {
            // libuv stops watching after an error; our callers expect to be told until they act.
            start(wanted)
            handler?([.readable, .writable])
        } else {
            handler?(Events(rawValue: events))
        }
    }
}
