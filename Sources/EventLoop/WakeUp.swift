internal import CLibUV

/// The uv_async handle of a `Mailbox`, apart from it because a C callback cannot be generic.
///
/// https://docs.libuv.org/en/v1.x/async.html
final class WakeUp {
    /// Guarded by the mailbox's lock: `send` from any thread, `close` from the loop's.
    private var handle: UnsafeMutablePointer<uv_async_t>?
    private var handler: (() -> Void)?

    init(_ loop: EventLoop) throws(LoopError) {
        let handle = HandleMemory.allocate(uv_async_t.self)
        let code = uv_async_init(loop.pointer, handle) { handle in
            HandleMemory.owner(handle!.pointee.data, as: WakeUp.self).handler?()
        }
        guard code == 0 else {
            UnsafeMutableRawPointer(handle).deallocate()
            throw LoopError(code: code, attempt: "make a mailbox")
        }
        self.handle = handle
        HandleMemory.adopt(handle, owner: self)
    }

    /// On the loop's thread, before the first `send`.
    func setHandler(_ handler: @escaping () -> Void) {
        self.handler = handler
    }

    func send() {
        guard let handle else { return }
        uv_async_send(handle)
    }

    func close() {
        guard let handle else { return }
        self.handle = nil
        handler = nil
        HandleMemory.close(handle)
    }
}
