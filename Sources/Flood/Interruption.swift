import Glibc
import Synchronization

/// Ctrl-C and SIGTERM at the flood: the first ends the sending, so that the verdict is about what was sent until then.
public enum Interruption {
    private static let requested = Atomic<Bool>(false)

    public static func install() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                // The second is meant as it is.
                if Interruption.requested.exchange(true, ordering: .relaxed) { _exit(128 + number) }
            }
        }
        signal(SIGPIPE, SIG_IGN)
    }

    static var isRequested: Bool { requested.load(ordering: .relaxed) }
}
