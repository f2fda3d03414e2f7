internal import CLibUV
internal import Glibc

/// A Unix-socket listener. It always accepts, so that it cannot go deaf: a connection for which there is no descriptor is accepted
/// with one kept in reserve, and closed at once.
///
/// It polls and accepts by itself rather than through uv_listen: so there is one way in for `acceptQueued` and for the usual,
/// refusals can be counted (libuv hides them), and no connection is ever held by libuv alone.
public final class PipeListener {
    /// Connections that were accepted and closed at once for want of descriptors or memory.
    public private(set) var refusedCount: UInt64 = 0
    /// Called after each refusal, with the reason (`-EMFILE`, `-ENFILE`, …).
    public var onRefused: ((LoopError) -> Void)?

    private enum Outcome { case accepted, refused, noneQueued, cannotAccept }

    /// A crowd that connects may not keep the connected ones waiting: the rest comes in the next turn.
    private let acceptedPerTurnMax = 64
    private let pauseAfterFailure = Duration.milliseconds(100)

    private let loop: EventLoop
    private let descriptor: Int32
    private var reserve: Int32
    private var handler: ((PipeConnection) -> Void)?
    private var watcher: PollWatcher?
    private var pause: Timer?

    /// Takes ownership of a bound Unix stream socket (see ListeningSocket), in any outcome, and listens on it. `backlog` is how many
    /// clients may wait for `accept`; the kernel cuts it to net.core.somaxconn. nil: it listens already, and how many may wait is somebody else's to say.
    public init(
        _ loop: EventLoop, takingOwnershipOf descriptor: Int32, backlog: Int32?, _ handler: @escaping (PipeConnection) -> Void
    ) throws(LoopError) {
        self.loop = loop
        self.descriptor = descriptor
        self.handler = handler
        reserve = Self.openReserve()
        do throws(LoopError) {
            // A second listen, after the one of ListeningSocket, sets the backlog.
            if let backlog, listen(descriptor, backlog) != 0 { throw LoopError(errno: errno, attempt: "listen on a Unix socket") }
            // This closure keeps the listener until `close`: an open one works, whoever keeps it.
            watcher = try PollWatcher(loop, descriptor: descriptor) { _ in self.acceptSome() }
        } catch {
            Glibc.close(descriptor)
            if reserve >= 0 { Glibc.close(reserve) }
            self.handler = nil
            throw error
        }
        pause = Timer(loop) { self.watcher?.start(.readable) }
        watcher?.start(.readable)
    }

    /// Accepts every connection that is already queued, now, through the handler: what a client wrote before we close is not lost.
    public func acceptQueued() {
        while watcher != nil {
            switch acceptOne() {
            case .accepted, .refused: continue
            case .noneQueued, .cannotAccept: return
            }
        }
    }

    /// Connections that are still queued see a reset. Idempotent.
    public func close() {
        guard let watcher else { return }
        self.watcher = nil
        handler = nil
        onRefused = nil
        watcher.close()
        pause?.close()
        pause = nil
        Glibc.close(descriptor)
        if reserve >= 0 { Glibc.close(reserve) }
    }

    private func acceptSome() {
        for _ in 0..<acceptedPerTurnMax {
            // The handler may close us.
            guard watcher != nil else { return }
            switch acceptOne() {
            case .accepted, .refused: continue
            case .noneQueued: return
            case .cannotAccept:
                // The queue stays readable: without a pause we would spin.
                watcher?.stop()
                pause?.start(after: pauseAfterFailure)
                return
            }
        }
    }

    private func acceptOne() -> Outcome {
        while true {
            let accepted = accept4(descriptor, nil, nil, Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
            guard accepted < 0 else { return adopt(accepted) }
            let code = errno
            switch code {
            case EINTR, ECONNABORTED: continue
            case EAGAIN: return .noneQueued
            case EMFILE, ENFILE: return refuseOne(code)
            default:
                report(code)
                return .cannotAccept
            }
        }
    }

    private func adopt(_ accepted: Int32) -> Outcome {
        do throws(LoopError) {
            let connection = try PipeConnection(loop, takingOwnershipOf: accepted)
            handler?(connection)
            return .accepted
        } catch {
            refusedCount += 1
            onRefused?(error)
            return .refused
        }
    }

    /// Accepts with the reserve descriptor and hangs up.
    private func refuseOne(_ code: Int32) -> Outcome {
        if reserve >= 0 { Glibc.close(reserve) }
        let accepted = accept4(descriptor, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
        let acceptCode = errno
        if accepted >= 0 { Glibc.close(accepted) }
        reserve = Self.openReserve()
        guard accepted >= 0 else { return acceptCode == EAGAIN ? .noneQueued : .cannotAccept }
        refusedCount += 1
        report(code)
        return .refused
    }

    private func report(_ code: Int32) {
        onRefused?(LoopError(errno: code, attempt: "accept a connection"))
    }

    private static func openReserve() -> Int32 {
        open("/dev/null", O_RDONLY | O_CLOEXEC)
    }
}
