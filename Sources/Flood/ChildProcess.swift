import Glibc

/// How the flood starts the programs that it works with.
enum ChildProcess {
    /// Starts `path`; the caller waits for its end. `environment` ends with nil; without one it is the flood's own. `streams` says where the
    /// standard streams go; what else is open is close-on-exec.
    static func spawn(
        _ path: String, _ arguments: [String], environment: [UnsafeMutablePointer<CChar>?]? = nil,
        streams: (inout posix_spawn_file_actions_t) -> Void
    ) throws(FloodError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        streams(&actions)
        // The flood's own interrupt handling must not reach the child as an ignored or blocked signal.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        // A group of its own: Ctrl-C at the terminal is for the flood, which then ends the child in order.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

        var child: pid_t = 0
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        let result = if let environment { posix_spawn(&child, path, &actions, &attributes, words, environment) } else {
            posix_spawn(&child, path, &actions, &attributes, words, environ)
        }
        guard result == 0 else { throw .system("cannot start \(path)", code: result) }
        return child
    }
}
