import Glibc

/// A plain thread: started once, joined once. What it made is handed over at the join.
final class WorkerThread {
    private var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) throws(FloodError) {
        let box = Unmanaged.passRetained(Box(body))
        let result = pthread_create(&thread, nil, { argument in
            Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
        if result != 0 {
            box.release()
            throw .system("cannot start a thread", code: result)
        }
    }

    func join() { pthread_join(thread, nil) }

    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
