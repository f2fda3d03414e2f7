import Glibc
import Testing

/// A process that a test started, and ends by its id.
final class ChildProcess {
    let id: pid_t
    private var status: Int32?

    /// `arguments[0]` is a path. Standard output and error go to `output`, or nowhere.
    init(_ arguments: [String], output: String = "/dev/null", environment: [String] = [], inheriting descriptors: [Int32] = []) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Onto itself: that takes away its close-on-exec flag, in the child.
        for descriptor in descriptors { posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor) }
        let argv = arguments.map { strdup($0) } + [nil]
        let env = (["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"] + environment).map { strdup($0) } + [nil]
        defer { for pointer in argv + env { free(pointer) } }
        // Threads that tests run on block signals, and a child would inherit that: SIGTERM must reach it.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var id = pid_t()
        let code = posix_spawn(&id, arguments[0], &actions, &attributes, argv, env)
        try #require(code == 0, "cannot start \(arguments[0]): errno \(code)")
        self.id = id
    }

    deinit {
        guard status == nil else { return }
        kill(id, SIGTERM)
        _ = wait()
    }

    @discardableResult func wait() -> Int32 {
        if let status { return status }
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        self.status = status
        return status
    }
}

func run(_ arguments: [String]) throws -> Int32 {
    try ChildProcess(arguments).wait()
}
