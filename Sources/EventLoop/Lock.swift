internal import Glibc

/// A mutex and the value that it guards.
///
/// pthread's, and not `Synchronization.Mutex`, because tools that look for races in a host (ThreadSanitizer, helgrind) know what it orders; a futex
/// that is taken inside the standard library they do not see.
///
/// https://man7.org/linux/man-pages/man3/pthread_mutex_lock.3p.html
public final class Lock<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    public init(_ value: Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Not to be nested on one lock: it would wait for itself.
    public func withLock<Result, Failure: Error>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    /// Waits, without a bound, until `body` returns something; it is called anew after each `signal`.
    public func wait<Result>(_ body: (inout Value) -> Result?) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&value) { return result }
            pthread_cond_wait(condition, mutex)
        }
    }

    /// Changes the value, and has all who wait look at it.
    public func signal(_ body: (inout Value) -> Void) {
        withLock(body)
        pthread_cond_broadcast(condition)
    }
}
