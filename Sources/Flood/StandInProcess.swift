import Glibc

/// A program that takes a command a line on its standard input and answers each with a line, in order (Tests/Interop).
///
/// Of the calling thread alone. `post` and `collect(wait: 0)` do not wait; answers are remembered by what was asked.
final class StandInProcess {
    enum Question { case ready, command, progress, report }

    /// The report of 500 sessions has some 100 kB; one with holes everywhere has more.
    private static let lineBytesMax = 256 << 20

    private var answers: [(question: Question, line: [UInt8])] = []
    /// It has closed its end.
    private(set) var hasEnded = false
    private var asked: [Question] = [.ready]
    private let child: SocketChild
    private var partial: [UInt8] = []

    /// What it says on standard error goes to `messagesPath`.
    init(path: String, arguments: [String], messagesPath: String) throws(FloodError) {
        child = try SocketChild("the stand-in for coderd", path: path, arguments: arguments, messagesPath: messagesPath)
    }

    /// Whether an answer to this is still to come.
    func isAwaiting(_ question: Question) -> Bool { asked.contains(question) }

    func post(_ command: String, as question: Question = .command) {
        asked.append(question)
        var line = Array((command + "\n").utf8)
        // The socket's buffer takes these lines, which are short and few. A stand-in that has ended is noticed when it is read from.
        while !line.isEmpty {
            let count = send(child.descriptor, line, line.count, Int32(MSG_NOSIGNAL))
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
            var waiting = pollfd(fd: child.descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, Int32((wait + 999_999) / 1_000_000)) > 0 else { return }
            let count = read(child.descriptor, &chunk, chunk.count)
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
    func end() { child.end() }
}
