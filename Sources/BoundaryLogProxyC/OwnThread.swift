import BoundaryLogProxy
import CBoundaryLogProxy
import EventLoop
import Glibc

/// The thread that `blp_proxy_start` makes. It has all signals blocked: those of the host are the host's, and a broken pipe is an error code here.
final class OwnThread: @unchecked Sendable {
    /// What the thread has to say when it has tried to start.
    private enum Beginning: Sendable {
        case failed(String)
        case serves(SubmissionQueue?, Commands)
    }
    private let beginning = Lock<Beginning?>(nil)
    // Unchecked: written once, before anybody else has this object.
    private var thread = pthread_t()
    // Unchecked: used on the thread itself only.
    private var side: LoopSide?
    private let figures: Lock<Figures?>
    private let configuration: Configuration
    private let callbacks: HostCallbacks

    private init(_ configuration: Configuration, _ callbacks: HostCallbacks, _ figures: Lock<Figures?>) {
        self.configuration = configuration
        self.callbacks = callbacks
        self.figures = figures
    }

    /// Waits until the proxy listens, or has failed to.
    static func start(_ configuration: Configuration, _ callbacks: HostCallbacks, figures: Lock<Figures?>) throws(APIError) -> HostedProxy.Run {
        let own = OwnThread(configuration, callbacks, figures)
        let code = own.spawn()
        guard code == 0 else { throw APIError(BLP_E_START, "cannot make a thread: \(String(cString: strerror(code)))") }
        switch own.beginning.wait({ $0 }) {
        case .failed(let reason):
            own.join()
            throw APIError(BLP_E_START, reason)
        case .serves(let submissions, let commands):
            return HostedProxy.Run(place: .ownThread(own), submissions: submissions, commands: commands)
        }
    }

    var isCurrent: Bool { pthread_equal(pthread_self(), thread) != 0 }

    /// nil on other threads, and when the proxy has just ended.
    var metricsText: String? { isCurrent ? side?.metricsText : nil }

    /// Waits for its end. Once.
    func join() { pthread_join(thread, nil) }

    /// An `errno`, or 0. The new thread begins with the mask of the one that makes it.
    private func spawn() -> Int32 {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let kept = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<OwnThread>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, kept.toOpaque())
        if code != 0 { kept.release() }
        return code
    }

    private func run() {
        blp_name_thread()
        do {
            let loop = try EventLoop()
            // What a failed start leaves closes in a turn of its own.
            defer {
                loop.run()
                loop.close()
            }
            let side = try LoopSide(loop, configuration, callbacks, figures: figures) { [unowned self] in self.side = nil }
            self.side = side
            beginning.signal { $0 = .serves(side.submissions, side.commands) }
        } catch {
            beginning.signal { $0 = .failed("\(error)") }
        }
    }
}
