internal import CLibUV

/// A one-shot timer.
///
/// https://docs.libuv.org/en/v1.x/timer.html
public final class Timer {
    private let loop: EventLoop
    private var handle: UnsafeMutablePointer<uv_timer_t>?
    private var handler: (() -> Void)?

    /// `handler` is called on expiry. A timer does not fire again by itself; the handler may arm it again, or close it.
    public init(_ loop: EventLoop, _ handler: @escaping () -> Void) {
        self.loop = loop
        self.handler = handler
        let handle = HandleMemory.allocate(uv_timer_t.self)
        HandleMemory.require(uv_timer_init(loop.pointer, handle), "uv_timer_init")
        self.handle = handle
        HandleMemory.adopt(handle, owner: self)
    }

    /// (Re)arms. The timer fires at the first whole millisecond of the clock that is not before `delay` from now, and never in the
    /// turn's same pass over the timers: never early, and less than 1 ms late when the loop has nothing else to do. No effect when
    /// closed.
    public func start(after delay: Duration) {
        guard let handle else { return }
        // libuv counts from the time of the turn's start, in whole milliseconds. Counting up from that to the deadline by the real
        // clock makes a delay exact without uv_update_time, which would let timers that re-arm each other starve I/O.
        let turnTime = uv_now(loop.pointer)
        let deadline = (uv_hrtime() / 1000).saturatingAdd(delay.microsecondsRoundedUp).saturatingAdd(1)
        let milliseconds = deadline / 1000 + (deadline % 1000 == 0 ? 0 : 1)
        let timeout = milliseconds > turnTime ? milliseconds - turnTime : 1
        HandleMemory.require(
            uv_timer_start(
                handle, { HandleMemory.owner($0!.pointee.data, as: Timer.self).expired() }, max(1, timeout), 0),
            "uv_timer_start")
    }

    public func stop() {
        guard let handle else { return }
        uv_timer_stop(handle)
    }

    public var isActive: Bool {
        guard let handle else { return false }
        return uv_is_active(HandleMemory.any(handle)) != 0
    }

    /// Stops for good and lets go of the handler. Idempotent.
    public func close() {
        guard let handle else { return }
        self.handle = nil
        handler = nil
        HandleMemory.close(handle)
    }

    private func expired() {
        loop.turnSoon()
        handler?()
    }
}

extension Duration {
    fileprivate var microsecondsRoundedUp: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (micros, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000)
        let attosecondsPerMicrosecond: Int64 = 1_000_000_000_000
        let fraction = UInt64(attoseconds / attosecondsPerMicrosecond) + (attoseconds % attosecondsPerMicrosecond == 0 ? 0 : 1)
        return overflow ? .max : micros.saturatingAdd(fraction)
    }
}

extension UInt64 {
    fileprivate func saturatingAdd(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
