import EventLoop
import Glibc
import Pipeline
import Reporting
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct FileReporterTests {
    /// A reporter, driven one delivery at a time, and closed at the end.
    final class Harness {
        let loop: EventLoop
        let reporter: FileReporter
        let fixture = DeliveryFixture()

        init(_ loop: EventLoop, _ destination: FileDestination) throws {
            self.loop = loop
            reporter = try FileReporter(loop, destination)
        }

        @discardableResult func send(_ delivery: Delivery) -> DeliveryOutcome {
            var outcome: DeliveryOutcome?
            reporter.send(delivery) { outcome = $0 }
            #expect(outcome == nil, "completed inside send")
            loop.run(until: { outcome != nil })
            return outcome ?? .rejected(reason: "no outcome")
        }

        func close() {
            var isClosed = false
            reporter.close { isClosed = true }
            loop.run(until: { isClosed })
        }
    }

    private func withFile(_ path: String, _ body: (Harness) throws -> Void) throws {
        try withLoop { loop in
            let harness = try Harness(loop, .path(path))
            defer { harness.close() }
            try body(harness)
        }
    }

    private func lines(_ path: String) -> [String] {
        let bytes = readFile(path)
        #expect(bytes.isEmpty || bytes.last == UInt8(ascii: "\n"), "\(path) ends inside a line")
        return bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }

    private func sequenceNumbers(_ lines: [String]) -> [Int] {
        lines.map { line in
            #expect(line.first == "{" && line.last == "}", "torn: \(line)")
            let rest = line.split(separator: "\"sequence_number\":").dropFirst().first ?? ""
            return Int(rest.prefix { $0.isNumber }) ?? -1
        }
    }

    @Test func deliveriesAreAppended() throws {
        let directory = TemporaryDirectory()
        let path = directory.path("log")
        try withFile(path) { harness in
            #expect(lines(path).isEmpty)
            #expect(harness.send(harness.fixture.delivery(batches: [2, 3])).isDelivered)
            #expect(harness.send(harness.fixture.delivery(batches: [1])).isDelivered)
            #expect(sequenceNumbers(lines(path)) == [0, 1, 2, 3, 4, 0])
            #expect(harness.reporter.statistics.bodyBytes == UInt64(readFile(path).count))
            var half = harness.fixture.delivery(batches: [4])
            half.logs = 1..<3
            #expect(harness.send(half).isDelivered)
        }
        try withFile(path) { #expect($0.send($0.fixture.delivery(batches: [1])).isDelivered) }
        #expect(sequenceNumbers(lines(path)) == [0, 1, 2, 3, 4, 0, 1, 2, 0])
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func whatCannotBeOpenedIsAnErrorAtTheStart() throws {
        let directory = TemporaryDirectory()
        try withLoop { loop in
            for path in [directory.path, directory.path("none/log"), ""] {
                let error = #expect(throws: ReportingError.self) { try FileReporter(loop, .path(path)) }
                #expect(error?.description.hasPrefix("cannot use \(path) as log file: ") == true)
            }
            // A FIFO that nobody reads: an error, not a wait.
            let fifo = directory.path("fifo")
            mkfifo(fifo, 0o600)
            let error = #expect(throws: ReportingError.self) { try FileReporter(loop, .path(fifo)) }
            #expect(error?.description.contains("ENXIO") == true)
        }
    }

    @Test func rotationLosesNothing() throws {
        let directory = TemporaryDirectory()
        let path = directory.path("log")
        try withFile(path) { harness in
            #expect(harness.send(harness.fixture.delivery(batches: [1])).isDelivered)
            rename(path, directory.path("log.1"))
            // Until it is told, it goes on in the old file.
            #expect(harness.send(harness.fixture.delivery(batches: [2])).isDelivered)
            _ = harness.reporter.reopen()
            #expect(access(path, F_OK) == 0)
            #expect(harness.send(harness.fixture.delivery(batches: [3])).isDelivered)
            #expect(sequenceNumbers(lines(directory.path("log.1"))) == [0, 0, 1])
            #expect(sequenceNumbers(lines(path)) == [0, 1, 2])

            // While a write is under way.
            var outcome: DeliveryOutcome?
            harness.reporter.send(harness.fixture.delivery(batches: [500], urlBytes: 2000)) { outcome = $0 }
            rename(path, directory.path("log.2"))
            _ = harness.reporter.reopen()
            harness.loop.run(until: { outcome != nil })
            #expect(harness.send(harness.fixture.delivery(batches: [4])).isDelivered)
            #expect(lines(directory.path("log.2")).count == 503)
            #expect(sequenceNumbers(lines(path)) == [0, 1, 2, 3])
        }
    }

    @Test func aFileThatCannotBeReopenedHoldsDeliveriesBack() throws {
        let directory = TemporaryDirectory()
        mkdir(directory.path("logs"), 0o700)
        let path = directory.path("logs/log")
        try withFile(path) { harness in
            rename(directory.path("logs"), directory.path("old"))
            _ = harness.reporter.reopen()
            let delivery = harness.fixture.delivery(batches: [2])
            let outcome = harness.send(delivery)
            #expect(outcome.isTransient)
            #expect(outcome.reason == "cannot open \(path): no such file or directory (ENOENT)")
            mkdir(directory.path("logs"), 0o700)
            #expect(harness.send(delivery).isDelivered)
            #expect(sequenceNumbers(lines(path)) == [0, 1])
        }
    }

    @Test func aFullDiskHoldsDeliveriesBack() throws {
        try withFile("/dev/full") { harness in
            let delivery = harness.fixture.delivery()
            for _ in 0..<3 {
                let outcome = harness.send(delivery)
                #expect(outcome.isTransient)
                #expect(outcome.reason == "cannot write to /dev/full: no space left on device (ENOSPC)")
            }
            #expect(harness.reporter.statistics.failures == 3)
            #expect(harness.reporter.statistics.lastErrorReason?.contains("ENOSPC") == true)
        }
    }

    /// A torn line of somebody who was killed is left alone, but not continued.
    @Test func aLineThatWasTornBeforeIsEnded() throws {
        let directory = TemporaryDirectory()
        let path = directory.path("log")
        writeFile(path, "{\"torn")
        try withFile(path) { harness in
            #expect(harness.send(harness.fixture.delivery(batches: [2])).isDelivered)
            #expect(harness.send(harness.fixture.delivery(batches: [1])).isDelivered)
        }
        let all = lines(path)
        #expect(all[0] == "{\"torn")
        #expect(sequenceNumbers(Array(all[1...])) == [0, 1, 0])
    }

    /// The kernel writes a part and refuses the rest, at every possible byte of a delivery (RLIMIT_FSIZE; in a process of its own).
    @Test func partialWritesAreContinuedAtTheRightByte() async {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            let directory = TemporaryDirectory()
            let tests = FileReporterTests()
            func limit(_ bytes: Int) {
                var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t.max)
                setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            }
            var expected: [UInt8] = []
            try tests.withFile(directory.path("whole")) { harness in
                harness.send(harness.fixture.delivery(batches: [2, 1], urlBytes: 5))
                expected = readFile(directory.path("whole"))
            }
            for cut in 0...expected.count {
                let path = directory.path("cut\(cut)")
                try tests.withFile(path) { harness in
                    let delivery = harness.fixture.delivery(batches: [2, 1], urlBytes: 5)
                    limit(cut)
                    let outcome = harness.send(delivery)
                    #expect(outcome.isTransient == (cut < expected.count))
                    // Twice at the same place.
                    if cut < expected.count { #expect(harness.send(delivery).reason.contains("EFBIG")) }
                    limit(min(cut + 40, expected.count))
                    if cut < expected.count { harness.send(delivery) }
                    limit(1 << 30)
                    if cut + 40 < expected.count { #expect(harness.send(delivery).isDelivered) }
                    let isWhole = readFile(path) == expected
                    #expect(isWhole, "cut at \(cut)")
                }
            }
            let lineEnds = expected.indices.filter { expected[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }

            // Rotated in between: the torn line is ended in the old file, and the rest goes to the new one.
            for cut in stride(from: 1, to: expected.count, by: 7) {
                let path = directory.path("rotated\(cut)"), old = directory.path("old\(cut)")
                try tests.withFile(path) { harness in
                    let delivery = harness.fixture.delivery(batches: [2, 1], urlBytes: 5)
                    limit(cut)
                    #expect(harness.send(delivery).isTransient)
                    limit(1 << 30)
                    rename(path, old)
                    _ = harness.reporter.reopen()
                    #expect(harness.send(delivery).isDelivered)
                    let isWhole = readFile(old) + readFile(path) == expected
                    #expect(isWhole)
                    #expect(lineEnds.contains(readFile(old).count), "cut at \(cut)")
                }
            }

            // The old file stays full: the torn line is whole in the new one.
            for cut in stride(from: 1, to: expected.count, by: 7) {
                let path = directory.path("full\(cut)"), old = directory.path("fullold\(cut)")
                writeFile(path, [UInt8](repeating: UInt8(ascii: "\n"), count: 4096))
                try tests.withFile(path) { harness in
                    let delivery = harness.fixture.delivery(batches: [2, 1], urlBytes: 5)
                    limit(4096 + cut)
                    #expect(harness.send(delivery).isTransient)
                    rename(path, old)
                    _ = harness.reporter.reopen()
                    #expect(harness.send(delivery).isDelivered)
                    let begun = ([0] + lineEnds).last { $0 <= cut } ?? 0
                    let isWhole = readFile(path) == Array(expected[begun...])
                    #expect(isWhole, "cut at \(cut)")
                }
            }
        }
    }

    @Test func standardOutputThatIsGoneIsTold() throws {
        let ends = try #require(ClosedOnExec.pipe())
        try withLoop { loop in
            let harness = try Harness(loop, .descriptor(ends.write, name: "standard output"))
            var told = 0
            harness.reporter.onDestinationGone = { told += 1 }
            #expect(harness.send(harness.fixture.delivery()).isDelivered)
            close(ends.read)
            #expect(waitUntilNobodyReads(ends.write))
            let delivery = harness.fixture.delivery()
            for _ in 0..<2 {
                let outcome = harness.send(delivery)
                #expect(outcome.isTransient)
                #expect(outcome.reason == "cannot write to standard output: broken pipe (EPIPE)")
            }
            #expect(told == 1)
            _ = harness.reporter.reopen()
            harness.close()
        }
        // It was not ours to close.
        #expect(fcntl(ends.write, F_GETFD) >= 0)
        close(ends.write)
    }

    /// A pipe that nobody reads: the loop goes on, and closing does not wait.
    @Test func aSlowReaderStallsNobody() throws {
        let ends = try #require(ClosedOnExec.pipe())
        try withLoop { loop in
            let harness = try Harness(loop, .descriptor(ends.write, name: "pipe"))
            var outcome: DeliveryOutcome?
            harness.reporter.send(harness.fixture.delivery(batches: [500], urlBytes: 1000)) { outcome = $0 }
            var ticks = 0
            let timer = Timer(loop) { ticks += 1 }
            for tick in 1...3 {
                timer.start(after: .milliseconds(2))
                loop.run(until: { ticks == tick })
            }
            timer.close()
            #expect(outcome == nil)
            harness.close()
            #expect(outcome?.isTransient == true)
            // EventLoop.close waits for the write, which this ends.
            close(ends.read)
        }
        close(ends.write)
    }

    @Test func anIdleReporterCostsNothing() throws {
        let directory = TemporaryDirectory()
        try withFile(directory.path("log")) { harness in
            harness.send(harness.fixture.delivery())
            harness.loop.runOnce(waiting: false)
            #expect(!harness.loop.runOnce(waiting: false))
        }
    }
}
