import Glibc
import Synchronization

/// One value from one thread to another, which waits for it.
final class Handoff<Value: Sendable>: @unchecked Sendable {
    // The semaphore's memory may not move; everything else is behind the mutex.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    private let value = Mutex<Value?>(nil)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func put(_ newValue: Value) {
        value.withLock { $0 = newValue }
        sem_post(semaphore)
    }

    func take() -> Value {
        while sem_wait(semaphore) != 0 {}
        return value.withLock { $0.take()! }
    }
}
