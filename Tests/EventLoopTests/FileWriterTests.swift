import EventLoop
import Glibc
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct FileWriterTests {
    @Test func writesFollowEachOther() throws {
        let directory = TemporaryDirectory()
        let file = open(directory.path("log"), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
        try withLoop { loop in
            let writer = FileWriter(loop)
            var results: [Int] = []
            func next(_ number: Int) {
                guard number < 20 else { return }
                writer.write(Array("line \(number)\n".utf8), to: file) { count, error in
                    #expect(error == nil)
                    results.append(count)
                    next(number + 1)
                }
                #expect(writer.isBusy)
            }
            next(0)
            #expect(results.isEmpty)
            loop.run()
            #expect(results.count == 20)
            #expect(!writer.isBusy)
        }
        close(file)
        #expect(readFile(directory.path("log")) == (0..<20).map { "line \($0)\n" }.joined())
    }

    /// A non-blocking pipe takes 64 KiB at a time, and its reader lives on this very loop: which therefore is not stalled.
    @Test func aFullPipeIsWaitedForOffTheLoop() throws {
        let ends = try #require(ClosedOnExec.pipe(flags: O_NONBLOCK))
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 % 251) }
        var received: [UInt8] = []
        try withLoop { loop in
            let reader = try PollWatcher(loop, descriptor: ends.read) { _ in
                var buffer = [UInt8](repeating: 0, count: 10_000)
                let count = read(ends.read, &buffer, buffer.count)
                if count > 0 { received += buffer[..<count] }
            }
            reader.start(.readable)
            var result: Int?
            FileWriter(loop).write(bytes, to: ends.write) { count, error in
                #expect(error == nil)
                result = count
            }
            loop.run { result != nil && received.count == bytes.count }
            #expect(result == bytes.count)
            reader.close()
        }
        #expect(received == bytes)
        close(ends.read)
        close(ends.write)
    }

    @Test func errorsTellHowMuchWasWritten() throws {
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        try withLoop { loop in
            var result: (Int, LoopError?)?
            FileWriter(loop).write([1, 2, 3], to: full) { result = ($0, $1) }
            loop.run()
            #expect(result?.0 == 0)
            #expect(result?.1 == LoopError(errno: ENOSPC, attempt: "write"))
            FileWriter(loop).write([], to: full) { result = ($0, $1) }
            loop.run()
            #expect(result?.1 == nil)
        }
        close(full)
    }

    /// `EventLoop.close` waits for a write whose owner has gone; the completion is called.
    @Test func closeWaitsForWrites() throws {
        let directory = TemporaryDirectory()
        let file = open(directory.path("log"), O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        var result: Int?
        try withLoop { loop in
            FileWriter(loop).write([UInt8](repeating: 65, count: 3_000_000), to: file) { count, _ in result = count }
        }
        #expect(result == 3_000_000)
        close(file)
    }

    /// In a process whose SIGPIPE has its default action, which is death.
    @Test func brokenPipesAreErrorsNotSignals() async {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            var ends: [Int32] = [-1, -1]
            precondition(pipe(&ends) == 0)
            close(ends[0])
            let loop = try EventLoop()
            var code: Int32?
            FileWriter(loop).write([1], to: ends[1]) { code = $1?.code }
            loop.run()
            loop.close()
            exit(code == -EPIPE ? 0 : 1)
        }
    }

    private func readFile(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        return String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
    }
}
