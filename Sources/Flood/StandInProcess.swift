import Glibc

/// A program that takes a command a line on its standard input and answers each with a line, in order (Tests/Interop). It ends with
/// its standard input, so that it never outlives the flood.
///
/// Of the calling thread alone. `post` and `collect(wait: 0)` do not wait; answers are remembered by what was asked.
final class StandInProcess {
    enum Question { case ready, command, progress, report }

    private static let endPatience: UInt64 = 10_000_000_000
    /// The report of 500 sessions has some 100 kB; one with holes everywhere has more.
    private static let lineBytesMax = 256 << 20

    let processID: pid_t
    private var answers: [(question: Question, line: [UInt8])] = []
    /// It has closed its end.
    private(set) var hasEnded = false
    private var asked: [Question] = [.ready]
    /// A socket, not two pipes: writing to one whose other end is gone raises no signal.
    private let descriptor: Int32
    private var partial: [UInt8] = []
    private var isReaped = false

    /// What it says on standard error goes to `messagesPath`.
    init(path: String, arguments: [String], messagesPath: String) throws(FloodError) {
        guard access(path, X_OK) == 0 else { throw .system("cannot run the stand-in for coderd \(path)") }
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

    /// Whether an answer to this is still to come.
    func isAwaiting(_ question: Question) -> Bool { asked.contains(question) }

    func post(_ command: String, as question: Question = .command) {
        asked.append(question)
        var line = Array((command + "\n").utf8)
        // The socket's buffer takes these lines, which are short and few. A stand-in that has ended is noticed when it is read from.
        while !line.isEmpty {
            let count = send(descriptor, line, line.count, Int32(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return }
            line.removeFirst(count)
        }
    }

    /// Takes in what has been answered; waits up to `wait` nanoseconds when that is nothing.
    func collect(wait: UInt64) {
        var chunk = [UInt8](repeating: 0, count: 65536)
        var wait = wait
        while !hasEnded {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, Int32((wait + 999_999) / 1_000_000)) > 0 else { return }
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0, partial.count <= Self.lineBytesMax else {
                hasEnded = true
                return
            }
            var start = 0
            while let newline = chunk[start..<count].firstIndex(of: 0x0a) {
                let line = partial + chunk[start..<newline]
                partial.removeAll()
                start = newline + 1
                if !asked.isEmpty { answers.append((asked.removeFirst(), line)) }
            }
            partial += chunk[start..<count]
            if partial.isEmpty { wait = 0 }
        }
    }

    /// The answers so far, each handed over once.
    func takeAnswers() -> [(question: Question, line: [UInt8])] {
        defer { answers.removeAll() }
        return answers
    }

    /// Waits for the answer to `question`; nil when it does not come in time.
    func awaitAnswer(_ question: Question, patience: UInt64) -> [UInt8]? {
        let deadline = SystemClock.monotonic + patience
        while true {
            if let index = answers.firstIndex(where: { $0.question == question }) { return answers.remove(at: index).line }
            let now = SystemClock.monotonic
            if hasEnded || now >= deadline { return nil }
            collect(wait: deadline - now)
        }
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
