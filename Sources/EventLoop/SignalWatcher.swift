internal import CLibUV

/// Watches for one signal of the process. While a watcher exists, the signal's default action does not happen.
///
/// https://docs.libuv.org/en/v1.x/signal.html
public final class SignalWatcher {
    private var handle: UnsafeMutablePointer<uv_signal_t>?
    private var handler: (() -> Void)?
    private let loop: EventLoop

    /// Several signals that arrive before the loop turns may be reported as one.
    public init(_ loop: EventLoop, signal: Int32, _ handler: @escaping () -> Void) throws(LoopError) {
        self.loop = loop
        let handle = HandleMemory.allocate(uv_signal_t.self)
        var code = uv_signal_init(loop.pointer, handle)
        guard code == 0 else {
            UnsafeMutableRawPointer(handle).deallocate()
            throw LoopError(code: code, attempt: "watch for signal \(signal)")
        }
        code = uv_signal_start(
            handle,
            { handle, _ in
                let watcher = HandleMemory.owner(handle!.pointee.data, as: SignalWatcher.self)
                watcher.loop.leaveTurnUnmeasured()
                watcher.handler?()
            }, signal)
        self.handle = handle
        self.handler = handler
        HandleMemory.adopt(handle, owner: self)
        guard code == 0 else {
            close()
            throw LoopError(code: code, attempt: "watch for signal \(signal)")
        }
    }

    /// Gives the signal its default action back when this was its last watcher. Idempotent.
    public func close() {
        guard let handle else { return }
        self.handle = nil
        handler = nil
        HandleMemory.close(handle)
    }
}
