import Glibc

/// Ctrl-C, SIGTERM and a terminal that changes its size, for commands that run until they are told to stop: a signal ends a wait, and what it was is asked here.
enum Interruption {
    // Written by a signal handler, read between waits; a byte cannot be torn.
    nonisolated(unsafe) private static var asked: sig_atomic_t = 0

    static var isRequested: Bool { asked != 0 }

    /// From here on SIGINT, SIGTERM and SIGHUP are only noted, and a write to a pipe that nobody reads is an error, not the end of the process.
    static func watch() {
        for number in [SIGINT, SIGTERM, SIGHUP] { handle(number) { _ in Interruption.asked = 1 } }
        handle(SIGWINCH) { _ in }
        signal(SIGPIPE, SIG_IGN)
    }

    private static func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        // Without SA_RESTART, so that poll(2) ends.
        sigaction(number, &action, nil)
    }
}
