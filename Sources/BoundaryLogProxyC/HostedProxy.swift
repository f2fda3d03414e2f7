import BoundaryLogProxy
import CBoundaryLogProxy
import EventLoop
import Glibc

/// What a `blp_proxy` stands for: a configuration, and at most one run at a time. From any thread.
final class HostedProxy: HandleTarget {
    static let kind: UInt = 0x12
    static let typeName = "blp_proxy"

    /// A proxy at work, as other threads see it.
    struct Run: Sendable {
        enum Place: Sendable {
            case ownThread(OwnThread)
            case hostLoop(AttachedProxy)
        }
        let place: Place
        let submissions: SubmissionQueue?
        let commands: Commands
    }

    private enum Phase: Sendable {
        case idle
        /// Claimed by a thread that starts it.
        case starting
        case running(Run)
        case stopping(Run)
        /// Its handle is being revoked.
        case destroyed

        /// nil while it does not run, and when it runs on a host's loop.
        var ownThread: OwnThread? {
            switch self {
            case .running(let run), .stopping(let run):
                if case .ownThread(let thread) = run.place { return thread }
                return nil
            case .idle, .starting, .destroyed: return nil
            }
        }
    }
    private let phase = Lock(Phase.idle)
    private let configuration: Configuration
    private let callbacks: HostCallbacks
    /// nil before the first run.
    private let figures = Lock<Figures?>(nil)

    init(_ configuration: Configuration, _ callbacks: HostCallbacks) {
        self.configuration = configuration
        self.callbacks = callbacks
    }

    // MARK: Life

    func start() throws(APIError) {
        try begin { () throws(APIError) in try OwnThread.start(configuration, callbacks, figures: figures) }
    }

    /// On the thread of `loop`.
    func attach(to loop: UnsafeMutablePointer<HostLoop>) throws(APIError) {
        try begin { () throws(APIError) in
            try AttachedProxy.attach(to: loop, configuration, callbacks, figures: figures) { [self] in phase.withLock { $0 = .idle } }
        }
    }

    private func begin(_ start: () throws(APIError) -> Run) throws(APIError) {
        try phase.withLock { phase throws(APIError) in
            guard case .idle = phase else { throw Self.refusal(phase) }
            phase = .starting
        }
        do throws(APIError) {
            let run = try start()
            phase.withLock { $0 = .running(run) }
        } catch {
            phase.withLock { $0 = .idle }
            throw error
        }
    }

    /// Waits for the end of the drain.
    func stop() throws(APIError) {
        let thread = try phase.withLock { phase throws(APIError) in
            if let thread = phase.ownThread, thread.isCurrent {
                throw APIError(BLP_E_THREAD, "called on the proxy's own thread, in one of its callbacks: it would wait for itself")
            }
            guard case .running(let run) = phase else { throw Self.refusal(phase) }
            guard let thread = phase.ownThread else {
                throw APIError(BLP_E_STATE, "the proxy is attached to a loop: it ends with blp_proxy_close")
            }
            phase = .stopping(run)
            // Under the lock: whoever sees that it is being stopped, and wants to cut that short, comes after this.
            run.commands.want { $0.stop = true }
            return thread
        }
        thread.join()
        phase.withLock { $0 = .idle }
    }

    /// Does not wait: `closed` is called on the loop.
    func close(_ closed: @escaping @Sendable () -> Void) throws(APIError) {
        try phase.withLock { phase throws(APIError) in
            guard case .running(let run) = phase else { throw Self.refusal(phase) }
            guard case .hostLoop(let attached) = run.place else {
                throw APIError(BLP_E_STATE, "the proxy has a thread of its own: it ends with blp_proxy_stop")
            }
            phase = .stopping(run)
            attached.onClosed(closed)
            run.commands.want { $0.stop = true }
        }
    }

    func stopNow() throws(APIError) {
        let run = try phase.withLock { phase throws(APIError) in
            guard case .stopping(let run) = phase else { throw APIError(BLP_E_STATE, "the proxy is not being stopped") }
            return run
        }
        run.commands.want { $0.stopNow = true }
    }

    func reopen() throws(APIError) { try current().commands.want { $0.reopen = true } }

    /// Whether the handle may be revoked; then the proxy never starts again.
    func destroy() throws(APIError) {
        try phase.withLock { phase throws(APIError) in
            guard case .idle = phase else { throw Self.refusal(phase) }
            phase = .destroyed
        }
    }

    // MARK: At work

    func submit(tag: CInt, _ payload: UnsafeRawBufferPointer) throws(APIError) {
        let run = try current()
        do throws(SubmissionQueue.Refusal) {
            guard let queue = run.submissions, let tag = UInt8(exactly: tag) else { throw .unknownTag }
            try queue.submit(tag: tag, payload: payload)
        } catch {
            throw switch error {
            case .unknownTag: APIError(BLP_E_INVALID, "tag is \(tag); there are BLP_TAG_LOGS (1) and BLP_TAG_MESSAGE (2)")
            case .tooLong: APIError(BLP_E_INVALID, "length is \(payload.count), above BLP_PAYLOAD_BYTES_MAX (32768)")
            case .invalidProtobuf(let problem): APIError(BLP_E_PAYLOAD, "the payload is not valid protobuf: \(problem)")
            case .full: APIError(BLP_E_FULL, "what was submitted before has not been taken yet")
            case .closed: APIError(BLP_E_STATE, "the proxy is being stopped")
            }
        }
    }

    var statistics: blp_statistics {
        get throws(APIError) {
            guard let figures = figures.withLock({ $0 }) else { throw APIError(BLP_E_STATE, "the proxy was never started") }
            return figures.statistics
        }
    }

    func metricsText() throws(APIError) -> String {
        let run = try current(orStopping: true)
        switch run.place {
        case .hostLoop(let attached):
            guard let text = attached.metricsText else {
                throw APIError(BLP_E_THREAD, "the proxy is attached to a loop: only the loop's thread can look at it")
            }
            return text
        case .ownThread(let thread):
            if let text = thread.metricsText { return text }
            if thread.isCurrent { throw APIError(BLP_E_STATE, "the proxy has stopped") }
            guard let text = run.commands.ask().wait() else { throw APIError(BLP_E_STATE, "the proxy has stopped") }
            return text
        }
    }

    private func current(orStopping: Bool = false) throws(APIError) -> Run {
        try phase.withLock { phase throws(APIError) in
            switch phase {
            case .running(let run): return run
            case .stopping(let run) where orStopping: return run
            default: throw Self.refusal(phase)
            }
        }
    }

    /// Why a call does not fit the phase.
    private static func refusal(_ phase: Phase) -> APIError {
        switch phase {
        case .idle: APIError(BLP_E_STATE, "the proxy does not run")
        case .starting: APIError(BLP_E_STATE, "the proxy is being started")
        case .running: APIError(BLP_E_STATE, "the proxy runs")
        case .stopping: APIError(BLP_E_STATE, "the proxy is being stopped")
        case .destroyed: APIError(BLP_E_INVALID, "proxy was freed")
        }
    }
}
