internal import CLibUV

/// Work that may block, run off the loop's thread in libuv's thread pool.
///
/// https://docs.libuv.org/en/v1.x/threadpool.html
public enum BackgroundWork {
    /// Calls `work` on a thread of the pool, then `completion` with its result on the loop's thread, never inside this call. Neither can be taken
    /// back: `EventLoop.close` waits for both, and even exit(3) waits for libuv's threads. What `work` refers to belongs to its thread until then.
    /// https://docs.libuv.org/en/v1.x/threadpool.html#c.uv_queue_work
    public static func run<Value: Sendable>(
        _ loop: EventLoop, _ work: @escaping @Sendable () -> Value, completion: @escaping (Value) -> Void
    ) {
        var result: Value?
        // Runs on the pool's thread; libuv's queue orders it before `finish`, which runs on the loop's.
        let job = Job {
            result = work()
        } finish: {
            completion(result!)
        }
        let request = HandleMemory.allocate(uv_work_t.self)
        request.pointee.data = Unmanaged.passRetained(job).toOpaque()
        let pointer = loop.pointer
        processEnds.withLock { processEnds in
            // It never comes back: the process is gone in a moment.
            if processEnds { return }
            HandleMemory.require(
                uv_queue_work(
                    pointer, request,
                    { request in Unmanaged<Job>.fromOpaque(request!.pointee.data).takeUnretainedValue().run() },
                    { request, _ in
                        let job = Unmanaged<Job>.fromOpaque(request!.pointee.data).takeRetainedValue()
                        UnsafeMutableRawPointer(request!).deallocate()
                        job.finish()
                    }), "uv_queue_work")
        }
    }

    /// From now on no work is begun, on any loop of the process; from any thread. For exit(3) with loops that still run: libuv takes its pool down then, and ends
    /// the process with SIGABRT when somebody is just giving work to it.
    public static func processIsEnding() { processEnds.withLock { $0 = true } }

    private static let processEnds = Lock(false)

    private final class Job {
        let run: () -> Void
        let finish: () -> Void

        init(run: @escaping () -> Void, finish: @escaping () -> Void) {
            self.run = run
            self.finish = finish
        }
    }
}
