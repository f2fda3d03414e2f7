import EventLoop
import Glibc

/// A real client: curl(1), with the loop running while it works.
struct Curl {
    var exitCode: Int32
    var output: String

    /// Lines of the output, without their ends.
    var lines: [String] { output.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init) }

    /// Runs `curl -sS` with these arguments to its end.
    static func run(_ loop: EventLoop, _ arguments: String...) throws -> Curl {
        var result: Curl?
        try start(loop, arguments) {
            result = $0
            loop.stop()
        }
        while result == nil { loop.run() }
        return result!
    }

    /// Calls `completion` when curl has closed its output and exited.
    static func start(_ loop: EventLoop, _ arguments: [String], completion: @escaping (Curl) -> Void) throws {
        var ends: [Int32] = [-1, -1]
        // Not a pipe: this can be closed on exec from its beginning, so that no other test's child holds it open.
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw LoopError(errno: errno, attempt: "make a pair of sockets")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        let words = (["curl", "-sS", "--noproxy", "*", "--max-time", "60"] + arguments).map { strdup($0) }
        defer { words.forEach { free($0) } }
        var process: pid_t = 0
        let code = posix_spawnp(&process, "curl", &actions, nil, words + [nil], environ)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw LoopError(errno: code, attempt: "start curl")
        }
        let (output, child) = (ends[0], process)
        var bytes: [UInt8] = []
        var watcher: PollWatcher?
        watcher = try PollWatcher(loop, descriptor: output) { _ in
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = read(output, &buffer, buffer.count)
            if count > 0 { return bytes += buffer[..<count] }
            if count < 0, errno == EAGAIN { return }
            watcher?.close()
            watcher = nil
            close(output)
            var status: Int32 = 0
            waitpid(child, &status, 0)
            completion(Curl(exitCode: (status >> 8) & 0xff, output: String(decoding: bytes, as: UTF8.self)))
        }
        watcher?.start(.readable)
    }
}
