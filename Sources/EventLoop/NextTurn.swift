internal import CLibUV

/// Calls its handler in the next turn of the loop, which then does not wait for I/O: to go on with work that was cut short for fairness.
///
/// https://docs.libuv.org/en/v1.x/idle.html
public final class NextTurn {
    private let loop: EventLoop
    private var handle: UnsafeMutablePointer<uv_idle_t>?
    private var handler: (() -> Void)?

    public init(_ loop: EventLoop, _ handler: @escaping () -> Void) {
        self.loop = loop
        self.handler = handler
        let handle = HandleMemory.allocate(uv_idle_t.self)
        HandleMemory.require(uv_idle_init(loop.pointer, handle), "uv_idle_init")
        self.handle = handle
        HandleMemory.adopt(handle, owner: self)
    }

    /// One call of the handler, however often this is called before it. No effect when closed.
    public func schedule() {
        guard let handle else { return }
        HandleMemory.require(
            uv_idle_start(handle) { handle in
                uv_idle_stop(handle)
                HandleMemory.owner(handle!.pointee.data, as: NextTurn.self).came()
            }, "uv_idle_start")
    }

    public func cancel() {
        guard let handle else { return }
        uv_idle_stop(handle)
    }

    /// Idempotent.
    public func close() {
        guard let handle else { return }
        self.handle = nil
        handler = nil
        HandleMemory.close(handle)
    }

    private func came() {
        loop.turnSoon()
        handler?()
    }
}
