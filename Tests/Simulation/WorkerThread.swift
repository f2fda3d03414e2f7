import Glibc

/// A thread that runs one closure.
struct WorkerThread {
    private final class Work {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private var thread = pthread_t()

    init(_ run: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(run)).toOpaque()
        let code = pthread_create(&thread, nil, { work in
            Unmanaged<Work>.fromOpaque(work!).takeRetainedValue().run()
            return nil
        }, work)
        precondition(code == 0, "no thread: \(code)")
    }

    /// Once.
    func join() { pthread_join(thread, nil) }
}
