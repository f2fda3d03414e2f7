import Dispatch
import Glibc
import Synchronization

/// A program that a test runs: what it writes is gathered, its end is waited for as an event, and only it is ever signalled.
///
/// Two threads belong to it, one that reads and one that waits for the end, so that no test blocks the pool that all tests run on.
/// A program that outlives its time limit is killed.
public final class Subprocess: Sendable {
    public enum End: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)
    }

    public struct Outcome: Sendable {
        public var end: End
        public var standardOutput: [UInt8]
        public var standardError: [UInt8]
        /// Whether it had to be killed because its time was up.
        public var timedOut: Bool

        public var output: String { String(decoding: standardOutput, as: UTF8.self) }
        public var errors: String { String(decoding: standardError, as: UTF8.self) }
        /// `nil` when it did not exit by itself.
        public var status: Int32? { if case .exited(let status) = end { status } else { nil } }
    }

    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    public enum Stream: Sendable { case standardOutput, standardError }

    private struct State {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        /// Set once the process is gone and what it wrote has been read.
        var outcome: Outcome?
        var isReaped = false
        var timedOut = false
        var end = End.exited(0)
        var waiters: [Waiter] = []
    }

    private struct Waiter {
        var isSatisfied: @Sendable (borrowing State) -> Bool
        var resume: @Sendable () -> Void
    }

    public let pid: pid_t
    /// The other end of its standard input; -1 when that is `/dev/null`.
    private let input: Int32
    private let state = Mutex(State())

    /// Starts `executable` (a path). The environment is `environment` and nothing else; standard input is `/dev/null`, or, if it `takesInput`, what
    /// `write` is given, and ends with this object.
    public init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:], takesInput: Bool = false,
        timeLimit: Duration = .seconds(300)
    ) throws {
        let output = try Pipe()
        let errors = try Pipe()
        let ended = try Pipe()
        let inputPipe = takesInput ? try Pipe() : nil
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let inputPipe {
            // A child shall see an ordinary pipe.
            _ = fcntl(inputPipe.read, F_SETFL, 0)
            posix_spawn_file_actions_adddup2(&actions, inputPipe.read, STDIN_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors.write, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The child starts as from a shell, whatever the test runner blocks or ignores.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGHUP)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

        let result = Self.withCStrings([executable] + arguments) { argv in
            Self.withCStrings(environment.map { "\($0.key)=\($0.value)" }.sorted()) { envp in
                var pid = pid_t()
                let code = posix_spawn(&pid, executable, &actions, &attributes, argv, envp)
                return (code: code, pid: pid)
            }
        }
        close(output.write)
        close(errors.write)
        if let inputPipe { close(inputPipe.read) }
        guard result.code == 0 else {
            for descriptor in [output.read, errors.read, ended.read, ended.write] + (inputPipe.map { [$0.write] } ?? []) { close(descriptor) }
            throw Failure(description: "cannot start \(executable): \(String(cString: strerror(result.code)))")
        }
        pid = result.pid
        input = inputPipe?.write ?? -1
        Self.thread { self.waitForEnd(telling: ended.write) }
        Self.thread { self.read(output: output.read, errors: errors.read, ended: ended.read, timeLimit: timeLimit) }
    }

    /// Starts a program and waits for its end.
    public static func run(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:], timeLimit: Duration = .seconds(300)
    ) async throws -> Outcome {
        await (try Subprocess(executable, arguments, environment: environment, timeLimit: timeLimit)).outcome()
    }

    /// The path of a program of this package, built beside the tests.
    public static func product(_ name: String) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count) }
        let path = String(decoding: buffer[..<max(0, count)], as: UTF8.self)
        return (path.lastIndex(of: "/").map { String(path[...$0]) } ?? "") + name
    }

    /// Sends a signal to the program, unless it is gone already.
    public func send(_ signal: Int32) {
        state.withLock { state in if !state.isReaped { _ = kill(pid, signal) } }
    }

    deinit { if input >= 0 { close(input) } }

    /// Writes to its standard input; nothing when that is `/dev/null` or the program has ended.
    public func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Waits for the end of the program.
    public func outcome() async -> Outcome {
        await wait { $0.outcome != nil }
        return state.withLock { $0.outcome! }
    }

    /// Calls `body` with the outcome, on a thread of its own or at once: for a test that turns an event loop meanwhile and so may not wait for a task.
    public func whenDone(_ body: @escaping @Sendable (Outcome) -> Void) {
        call({ [self] in body(state.withLock { $0.outcome! }) }, when: { $0.outcome != nil })
    }

    /// Blocks the calling thread until it has written a line to standard output, and takes it away; nil when it has ended without.
    public func takeLine() -> String? {
        let semaphore = DispatchSemaphore(value: 0)
        call({ semaphore.signal() }, when: { $0.outcome != nil || $0.output.contains(UInt8(ascii: "\n")) })
        semaphore.wait()
        return state.withLock { state in
            guard let end = state.output.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            defer { state.output.removeFirst(end + 1) }
            return String(decoding: state.output[..<end], as: UTF8.self)
        }
    }

    /// It is gone, and what it wrote has been read.
    public var hasEnded: Bool { state.withLock { $0.outcome != nil } }

    /// What it has written so far.
    public func written(to stream: Stream) -> String {
        String(decoding: state.withLock { stream == .standardOutput ? $0.output : $0.errors }, as: UTF8.self)
    }

    /// Waits until what it has written holds `text`; `false` when it ended without.
    public func waitFor(_ text: String, on stream: Stream = .standardError) async -> Bool {
        let wanted = Array(text.utf8)
        await wait { state in state.outcome != nil || Self.contains(stream == .standardOutput ? state.output : state.errors, wanted) }
        return written(to: stream).contains(text)
    }

    // MARK: Waiting

    private func wait(until isSatisfied: @escaping @Sendable (borrowing State) -> Bool) async {
        await withCheckedContinuation { continuation in
            call({ continuation.resume() }, when: isSatisfied)
        }
    }

    private func call(_ resume: @escaping @Sendable () -> Void, when isSatisfied: @escaping @Sendable (borrowing State) -> Bool) {
        let isDone = state.withLock { state in
            if isSatisfied(state) { return true }
            state.waiters.append(Waiter(isSatisfied: isSatisfied, resume: resume))
            return false
        }
        if isDone { resume() }
    }

    private func change(_ body: (inout sending State) -> Void) {
        let ready = state.withLock { state in
            body(&state)
            var ready: [@Sendable () -> Void] = []
            var waiting: [Waiter] = []
            for waiter in state.waiters {
                if waiter.isSatisfied(state) { ready.append(waiter.resume) } else { waiting.append(waiter) }
            }
            state.waiters = waiting
            return ready
        }
        for resume in ready { resume() }
    }

    // MARK: The two threads

    private func waitForEnd(telling descriptor: Int32) {
        var info = siginfo_t()
        // The zombie stays, and with it the process number, until it is reaped under the lock: `send` can never reach a stranger.
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        state.withLock { state in
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            state.isReaped = true
            state.end = status & 0x7F == 0 ? .exited((status >> 8) & 0xFF) : .signalled(status & 0x7F)
        }
        // A byte, not the end of file, which a program that something else started just now could hold back.
        var byte: UInt8 = 1
        _ = Glibc.write(descriptor, &byte, 1)
        close(descriptor)
    }

    private func read(output: Int32, errors: Int32, ended: Int32, timeLimit: Duration) {
        let deadline = ContinuousClock.now + timeLimit
        var outputDescriptor = output
        var errorsDescriptor = errors
        // Negative descriptors are passed over by poll.
        while true {
            var entries = [
                pollfd(fd: outputDescriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: errorsDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: ended, events: Int16(POLLIN), revents: 0),
            ]
            let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            let isLate = state.withLock { $0.timedOut }
            if poll(&entries, 3, isLate ? -1 : Int32(max(0, left.rounded(.up)))) == 0 {
                state.withLock { $0.timedOut = true }
                send(SIGKILL)
                continue
            }
            if entries[0].revents != 0, !drain(outputDescriptor, .standardOutput, once: true) { outputDescriptor = -1 }
            if entries[1].revents != 0, !drain(errorsDescriptor, .standardError, once: true) { errorsDescriptor = -1 }
            if entries[2].revents != 0 { break }
        }
        // Not to the end of file: a grandchild may hold the pipes open.
        if outputDescriptor >= 0 { _ = drain(outputDescriptor, .standardOutput, once: false) }
        if errorsDescriptor >= 0 { _ = drain(errorsDescriptor, .standardError, once: false) }
        for descriptor in [output, errors, ended] { close(descriptor) }
        change { state in
            state.outcome = Outcome(
                end: state.end, standardOutput: state.output, standardError: state.errors, timedOut: state.timedOut)
        }
    }

    /// Takes what is there, one buffer or all; `false` at the end of file.
    private func drain(_ descriptor: Int32, _ stream: Stream, once: Bool) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            if count == 0 { return false }
            change { state in
                if stream == .standardOutput { state.output += buffer[..<count] } else { state.errors += buffer[..<count] }
            }
            if once { return true }
        }
    }

    // MARK: C

    private struct Pipe {
        let read: Int32
        let write: Int32

        init() throws {
            guard let ends = ClosedOnExec.pipe() else { throw Failure(description: "no pipe: \(String(cString: strerror(errno)))") }
            (read, write) = ends
            // Only our end: the child shall see an ordinary pipe.
            _ = fcntl(read, F_SETFL, O_NONBLOCK)
        }
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(Box(body)).toOpaque()
        let code = pthread_create(&thread, &attributes, { Unmanaged<Box>.fromOpaque($0!).takeRetainedValue().body(); return nil }, argument)
        precondition(code == 0, "no thread: \(code)")
    }

    private static func contains(_ bytes: [UInt8], _ wanted: [UInt8]) -> Bool {
        guard !wanted.isEmpty else { return true }
        var start = 0
        while start + wanted.count <= bytes.count {
            if bytes[start] == wanted[0], bytes[start..<(start + wanted.count)].elementsEqual(wanted) { return true }
            start += 1
        }
        return false
    }

    private static func withCStrings<Result>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
        let pointers = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers)
    }
}
