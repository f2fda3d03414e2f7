internal import Glibc

enum Signals {
    /// Runs `body` such that a SIGPIPE which it causes is lost. SIGPIPE goes to the thread that wrote: so it can be held off and
    /// taken away on this thread, and the host's disposition stays as it is.
    static func withoutBrokenPipe<Value>(_ body: () -> Value) -> Value {
        var brokenPipe = sigset_t()
        sigemptyset(&brokenPipe)
        sigaddset(&brokenPipe, SIGPIPE)
        var pending = sigset_t()
        sigpending(&pending)
        // One that was pending before is not ours to take.
        guard sigismember(&pending, SIGPIPE) == 0 else { return body() }

        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &brokenPipe, &before)
        let value = body()
        var noWait = timespec()
        while sigtimedwait(&brokenPipe, nil, &noWait) == -1, errno == EINTR {}
        pthread_sigmask(SIG_SETMASK, &before, nil)
        return value
    }
}
