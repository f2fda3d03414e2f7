// Publicly here alone: for the type of a host's loop.
public import CLibUV

/// libuv's own loop, `uv_loop_t`: for those who hand one in and have nothing else to do with libuv.
///
/// https://docs.libuv.org/en/v1.x/loop.html#c.uv_loop_t
public typealias HostLoop = uv_loop_s

extension EventLoop {
    /// On a loop that a host runs and closes; on its thread. `run`, `runOnce`, `stop` and `close` are the host's to do; `leave` ends it.
    /// - Parameter loop: initialised.
    public convenience init(borrowing loop: UnsafeMutablePointer<HostLoop>) { self.init(runByHost: loop) }
}
