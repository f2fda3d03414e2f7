import Glibc

/// A program of which standard input and output are one socket of the flood's. It ends with its standard input, so that it never outlives the flood.
final class SocketChild {
    private static let endPatience: UInt64 = 10_000_000_000

    let processID: pid_t
    /// A socket, not two pipes: writing to one whose other end is gone raises no signal.
    let descriptor: Int32
    private var isReaped = false

    /// What it says on standard error goes to `messagesPath`. `what` it is, for an error.
    init(_ what: String, path: String, arguments: [String], messagesPath: String) throws(FloodError) {
        guard access(path, X_OK) == 0 else { throw .system("cannot run \(what) \(path)") }
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else { throw .system("cannot make a socket") }
        let theirs = pair[1]
        defer { close(theirs) }
        do throws(FloodError) {
            processID = try ChildProcess.spawn(path, arguments) { actions in
                posix_spawn_file_actions_adddup2(&actions, theirs, 0)
                posix_spawn_file_actions_adddup2(&actions, theirs, 1)
                posix_spawn_file_actions_addopen(&actions, 2, messagesPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            }
        } catch {
            close(pair[0])
            throw error
        }
        descriptor = pair[0]
    }

    deinit {
        end()
        close(descriptor)
    }

    /// Closes its input and waits for its end; one that does not end is killed.
    func end() {
        guard !isReaped else { return }
        shutdown(descriptor, Int32(SHUT_WR))
        let deadline = SystemClock.monotonic + Self.endPatience
        var status: Int32 = 0
        while waitpid(processID, &status, WNOHANG) == 0 {
            if SystemClock.monotonic > deadline { kill(processID, SIGKILL) }
            poll(nil, 0, 2)
        }
        isReaped = true
    }
}
