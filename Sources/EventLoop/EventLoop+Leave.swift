internal import CLibUV

extension EventLoop {
    /// Takes a borrowed loop's own handles off it. `left` is called on it, once, when libuv has let go of them and of every handle on it that this
    /// module closed before. A second call has no effect.
    ///
    /// libuv calls the close callbacks of one turn in no order that it promises, but closes what is closed inside of one in the next turn: after all others.
    /// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
    public func leave(_ left: @escaping () -> Void) {
        precondition(!ownsPointer, "one's own loop is closed, not left")
        guard let check, let skipWaiting else { return }
        onTurn = nil
        self.left = left
        self.check = nil
        self.skipWaiting = nil
        uv_check_stop(check)
        // Its callback closes the other, whose callback is the last.
        skipWaiting.pointee.data = UnsafeMutableRawPointer(check)
        check.pointee.data = Unmanaged.passRetained(self).toOpaque()
        uv_close(HandleMemory.any(skipWaiting)) { handle in
            guard let handle, let check = handle.pointee.data else { return }
            UnsafeMutableRawPointer(handle).deallocate()
            uv_close(check.assumingMemoryBound(to: uv_handle_t.self)) { handle in
                guard let handle, let data = handle.pointee.data else { return }
                UnsafeMutableRawPointer(handle).deallocate()
                let loop = Unmanaged<EventLoop>.fromOpaque(data).takeRetainedValue()
                let left = loop.left
                loop.left = nil
                left?()
            }
        }
    }
}
