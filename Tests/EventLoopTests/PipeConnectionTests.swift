import EventLoop
import Glibc
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct PipeConnectionTests {
    /// A listener, and what it accepted.
    final class Server {
        let directory = TemporaryDirectory()
        let listener: PipeListener
        var accepted: [PipeConnection] = []
        var path: String { directory.path("s") }

        init(_ loop: EventLoop, _ handler: @escaping (PipeConnection) -> Void = { _ in }) throws {
            let socket = try ListeningSocket(path: directory.path("s"), mode: 0o600, groupID: nil)
            weak var server: Server?
            listener = try PipeListener(loop, takingOwnershipOf: socket.takeDescriptor(), backlog: 4096) {
                server?.accepted.append($0)
                handler($0)
            }
            server = self
        }

        func close() {
            listener.close()
            accepted.forEach { $0.close() }
        }

        /// A client and its accepted other end.
        func pair(_ loop: EventLoop) throws -> (client: PipeConnection, server: PipeConnection) {
            let client = try PipeConnection.connect(loop, path)
            listener.acceptQueued()
            return (client, accepted.last!)
        }
    }

    @Test func bytesThenEndOfFile() throws {
        try withLoop { loop in
            let recorder = Recorder()
            let server = try Server(loop) {
                $0.delegate = recorder
                $0.startReading()
            }
            let client = try PipeConnection.connect(loop, server.path)
            try client.writeAll([1, 2, 3])
            loop.run { recorder.received.count == 3 }
            #expect(server.accepted[0].peer?.processID == getpid())
            #expect(server.accepted[0].peer?.userID == getuid())
            #expect(server.accepted[0].peer?.groupID == getgid())
            var groups = [gid_t](repeating: 0, count: Int(getgroups(0, nil)))
            _ = getgroups(Int32(groups.count), &groups)
            #expect(server.accepted[0].peerGroups.sorted() == groups.sorted())
            client.close()
            client.close()
            loop.run { recorder.ends.count == 1 }
            #expect(recorder.received == [1, 2, 3])
            #expect(recorder.ends == [nil])
            #expect(server.accepted[0].isClosed)
            #expect(server.accepted[0].peer == nil)
            server.close()
        }
    }

    /// A client that floods has one read per turn, like the others; who writes in one turn is read in the next.
    @Test func oneReadPerConnectionAndTurn() throws {
        try withLoop { loop in
            var turn = 0
            var reads: [(turn: Int, isSlow: Bool)] = []
            let flood = Recorder(bufferBytes: 1000)
            let slow = Recorder(bufferBytes: 1000)
            flood.didRead = { _ in reads.append((turn, false)) }
            slow.didRead = { _ in reads.append((turn, true)) }
            let server = try Server(loop)
            let (flooding, floodingEnd) = try server.pair(loop)
            let (slowly, slowEnd) = try server.pair(loop)
            (floodingEnd.delegate, slowEnd.delegate) = (flood, slow)
            floodingEnd.startReading()
            slowEnd.startReading()
            var writtenIn: [Int] = []
            loop.onTurn = {
                turn += 1
                _ = try? flooding.fill()
                if turn % 3 == 0 {
                    try? slowly.writeAll([1])
                    writtenIn.append(turn)
                }
                if turn == 60 { loop.stop() }
            }
            _ = try flooding.fill()
            loop.run()
            #expect(reads.filter { !$0.isSlow }.map(\.turn) == Array(0..<60))
            #expect(flood.readCounts.allSatisfy { $0 == 1000 })
            // `turn` is counted up after a turn's reads: what was written as turn n began is read in it.
            #expect(reads.filter(\.isSlow).map(\.turn) == writtenIn.dropLast())
            loop.onTurn = nil
            server.close()
            flooding.close()
            slowly.close()
        }
    }

    @Test func anEmptyBufferMeansNotInThisTurn() throws {
        try withLoop { loop in
            let server = try Server(loop)
            let (client, end) = try server.pair(loop)
            let recorder = Recorder()
            var asked = 0
            recorder.willRead = { _ in
                asked += 1
                return asked > 3
            }
            end.delegate = recorder
            end.startReading()
            try client.writeAll([9])
            for turn in 1...3 {
                loop.runOnce()
                #expect(asked == turn)
                #expect(recorder.received.isEmpty)
            }
            loop.runOnce()
            #expect(recorder.received == [9])
            #expect(recorder.ends.isEmpty)
            client.close()
            server.close()
        }
    }

    enum Act: CaseIterable { case stop, close, stopAndStart }

    /// Inside each callback the delegate may stop, or close.
    @Test(arguments: Act.allCases, [false, true]) func actingInsideCallbacks(act: Act, inWillRead: Bool) throws {
        try withLoop { loop in
            let server = try Server(loop)
            let (client, end) = try server.pair(loop)
            let recorder = Recorder(bufferBytes: 2)
            var calls = 0
            func actNow(_ connection: PipeConnection) {
                calls += 1
                guard calls == 1 else { return }
                switch act {
                case .stop: connection.stopReading()
                case .close: connection.close()
                case .stopAndStart:
                    connection.stopReading()
                    connection.startReading()
                }
            }
            if inWillRead {
                recorder.willRead = { actNow($0); return true }
            } else {
                recorder.didRead = actNow
            }
            end.delegate = recorder
            end.startReading()
            try client.writeAll([1, 2, 3, 4])
            for _ in 0..<4 { loop.runOnce(waiting: false) }
            switch act {
            case .stop:
                #expect(recorder.received == (inWillRead ? [] : [1, 2]))
                end.startReading()
                for _ in 0..<4 { loop.runOnce(waiting: false) }
                #expect(recorder.received == [1, 2, 3, 4])
            case .close:
                #expect(recorder.received == (inWillRead ? [] : [1, 2]))
                #expect(end.isClosed)
                end.startReading()
                end.stopReading()
                end.close()
            case .stopAndStart:
                #expect(recorder.received == [1, 2, 3, 4])
            }
            client.close()
            server.close()
        }
    }

    /// The peer hangs up with much unread: all of it is read before the end is told.
    @Test func everythingIsReadBeforeTheEnd() throws {
        try withLoop { loop in
            let server = try Server(loop)
            let (client, end) = try server.pair(loop)
            let total = try client.fill()
            client.close()
            let recorder = Recorder(bufferBytes: 1000)
            end.delegate = recorder
            end.startReading()
            loop.run { !recorder.ends.isEmpty }
            #expect(recorder.received.count == total)
            #expect(recorder.ends == [nil])
            server.close()
        }
    }

    @Test func endReadingKeepsWhatWasWritten() throws {
        try withLoop { loop in
            let server = try Server(loop)
            let (client, end) = try server.pair(loop)
            let total = try client.fill()
            end.endReading()
            let error = #expect(throws: LoopError.self) { try client.writeAll([1]) }
            #expect(error?.code == -EPIPE)
            let recorder = Recorder(bufferBytes: 4096)
            end.delegate = recorder
            end.startReading()
            loop.run { !recorder.ends.isEmpty }
            #expect(recorder.received.count == total)
            #expect(recorder.ends == [nil])
            client.close()
            server.close()
        }
    }

    /// Megabytes through a socket that holds a fraction: written when there is room, by one call-back per request.
    @Test func writingWaitsForRoom() throws {
        try withLoop { loop in
            let server = try Server(loop)
            let (client, end) = try server.pair(loop)
            let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 % 253) }
            var written = 0
            var requests = 0
            let writing = Recorder()
            func writeSome(_ connection: PipeConnection) {
                do {
                    while written < bytes.count {
                        let count = try bytes[written...].withUnsafeBytes { try connection.write($0) }
                        if count == 0 {
                            requests += 1
                            return try connection.awaitWritable()
                        }
                        written += count
                    }
                    connection.endWriting()
                } catch { Issue.record(error) }
            }
            writing.isWritable = writeSome
            client.delegate = writing
            let recorder = Recorder()
            end.delegate = recorder
            end.startReading()
            writeSome(client)
            loop.run { !recorder.ends.isEmpty }
            #expect(recorder.received == bytes)
            #expect(requests > 0)
            #expect(writing.writableCount == requests)
            try client.awaitWritable()
            client.close()
            server.close()
        }
    }

    /// In a process whose SIGPIPE has its default action, which is death.
    @Test func writingToNobodyIsAnErrorNotASignal() async {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            let loop = try EventLoop()
            let server = try Server(loop)
            let (client, end) = try server.pair(loop)
            end.close()
            let error = #expect(throws: LoopError.self) { try client.writeAll([1]) }
            precondition(error?.code == -EPIPE)
            client.close()
            let afterClose = #expect(throws: LoopError.self) { try client.writeAll([1]) }
            precondition(afterClose?.code == -EBADF)
            server.close()
            loop.close()
        }
    }

    @Test func connectingTellsWhyNot() throws {
        let directory = TemporaryDirectory()
        try withLoop { loop in
            func code(_ path: String) -> Int32? {
                #expect(throws: LoopError.self) { try PipeConnection.connect(loop, path) }?.code
            }
            #expect(code(directory.path("none")) == -ENOENT)
            #expect(code(String(repeating: "x", count: 108)) == -ENAMETOOLONG)
            let socket = try ListeningSocket(path: directory.path("s"), mode: 0o600, groupID: nil)
            let descriptor = socket.takeDescriptor()
            listen(descriptor, 0)
            let first = try PipeConnection.connect(loop, directory.path("s"))
            #expect(code(directory.path("s")) == -EAGAIN)
            // And a full backlog is a sign of life.
            #expect(throws: ListeningSocket.Failure.alreadyServed(directory.path("s"), processID: nil)) {
                _ = try ListeningSocket(path: directory.path("s"), mode: 0o600, groupID: nil)
            }
            close(descriptor)
            try waitUntilNobodyListens(directory.path("s"))
            #expect(code(directory.path("s")) == -ECONNREFUSED)
            first.close()
        }
    }

    /// What 2 × 5000 idle connections cost in private memory, in a process of their own.
    @Test func idleConnectionsAreSmall() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            let count = min(5000, Int(limit.rlim_max) / 2 - 50)
            let loop = try EventLoop()
            let recorder = Recorder(bufferBytes: 64)
            let server = try Server(loop) {
                $0.delegate = recorder
                $0.startReading()
            }
            var clients: [PipeConnection] = []
            clients.reserveCapacity(count)
            loop.runOnce(waiting: false)
            let before = privateMemoryBytes()
            for _ in 0..<count {
                clients.append(try PipeConnection.connect(loop, server.path))
                loop.runOnce(waiting: false)
            }
            precondition(server.accepted.count == count)
            let each = (privateMemoryBytes() - before) / (2 * count)
            print("an idle connection costs \(each) bytes")
            precondition(each < 1024, "a connection costs \(each) bytes")
            clients.forEach { $0.close() }
            server.close()
            loop.close()
        }
    }
}

/// RssAnon of this process.
private func privateMemoryBytes() -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let text = String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
}
