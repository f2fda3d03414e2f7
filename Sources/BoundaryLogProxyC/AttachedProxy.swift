import BoundaryLogProxy
import CBoundaryLogProxy
import EventLoop
import Glibc

/// A proxy on the host's own loop.
///
/// Unchecked: `side` is used on the loop's thread only, which `isCurrent` tells.
final class AttachedProxy: @unchecked Sendable {
    private let thread = pthread_self()
    private var side: LoopSide?
    private let closed = Lock<(@Sendable () -> Void)?>(nil)

    private init() {}

    /// On the loop's thread. `left` is called there when nothing of the proxy is on the loop any more.
    static func attach(
        to pointer: UnsafeMutablePointer<HostLoop>, _ configuration: Configuration, _ callbacks: HostCallbacks, figures: Lock<Figures?>,
        left: @escaping () -> Void
    ) throws(APIError) -> HostedProxy.Run {
        let loop = EventLoop(borrowing: pointer)
        let attached = AttachedProxy()
        do {
            let side = try LoopSide(loop, configuration, callbacks, figures: figures) {
                loop.leave {
                    attached.side = nil
                    left()
                    attached.closed.withLock { $0 }?()
                }
            }
            attached.side = side
            return HostedProxy.Run(place: .hostLoop(attached), submissions: side.submissions, commands: side.commands)
        } catch {
            loop.leave {}
            throw APIError(BLP_E_START, "\(error)")
        }
    }

    /// What is to be called at the end.
    func onClosed(_ closed: @escaping @Sendable () -> Void) { self.closed.withLock { $0 = closed } }

    /// nil on another thread than the loop's, and when it has just ended.
    var metricsText: String? { pthread_equal(pthread_self(), thread) != 0 ? side?.metricsText : nil }
}
