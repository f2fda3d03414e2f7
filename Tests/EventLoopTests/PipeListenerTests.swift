import EventLoop
import Glibc
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct PipeListenerTests {
    /// Clients that connected, wrote and exited before we accepted: nothing of theirs is lost when we close.
    @Test func acceptQueuedThenCloseLosesNothing() throws {
        let directory = TemporaryDirectory()
        try withLoop { loop in
            let recorder = Recorder()
            let socket = try ListeningSocket(path: directory.path("s"), mode: 0o600, groupID: nil)
            let listener = try PipeListener(loop, takingOwnershipOf: socket.takeDescriptor(), backlog: 4096) {
                $0.delegate = recorder
                $0.startReading()
            }
            for number in 0..<200 {
                let client = try PipeConnection.connect(loop, directory.path("s"))
                try client.writeAll([UInt8(number), 0, 0])
                client.close()
            }
            socket.unlink()
            listener.acceptQueued()
            listener.close()
            listener.close()
            listener.acceptQueued()
            #expect(throws: LoopError.self) { try PipeConnection.connect(loop, directory.path("s")) }
            loop.run { recorder.ends.count == 200 }
            #expect(recorder.received.count == 600)
            #expect(Set(recorder.received).count == 200)
        }
    }

    /// A crowd is accepted over several turns, so that the connected are served in between.
    @Test func aCrowdIsAcceptedInPortions() throws {
        let directory = TemporaryDirectory()
        try withLoop { loop in
            var accepted = 0
            let socket = try ListeningSocket(path: directory.path("s"), mode: 0o600, groupID: nil)
            let listener = try PipeListener(loop, takingOwnershipOf: socket.takeDescriptor(), backlog: 4096) {
                accepted += 1
                $0.close()
            }
            let clients = try (0..<150).map { _ in try PipeConnection.connect(loop, directory.path("s")) }
            var counts: [Int] = []
            for _ in 0..<3 {
                loop.runOnce(waiting: false)
                counts.append(accepted)
            }
            #expect(counts == [64, 128, 150])
            clients.forEach { $0.close() }
            listener.close()
        }
    }

    @Test func closingInsideTheHandler() throws {
        let directory = TemporaryDirectory()
        try withLoop { loop in
            var listener: PipeListener?
            var accepted = 0
            let socket = try ListeningSocket(path: directory.path("s"), mode: 0o600, groupID: nil)
            listener = try PipeListener(loop, takingOwnershipOf: socket.takeDescriptor(), backlog: 10) {
                accepted += 1
                $0.close()
                listener?.close()
                listener = nil
            }
            let clients = try (0..<3).map { _ in try PipeConnection.connect(loop, directory.path("s")) }
            loop.run()
            #expect(accepted == 1)
            clients.forEach { $0.close() }
        }
    }

    @Test func aDescriptorThatCannotListenIsRefused() throws {
        try withLoop { loop in
            let error = #expect(throws: LoopError.self) {
                try PipeListener(loop, takingOwnershipOf: open("/dev/null", O_RDONLY | O_CLOEXEC), backlog: 1) { _ in }
            }
            #expect(error?.code == -ENOTSOCK)
        }
    }

    /// Without descriptors, in a process of its own: clients are hung up on, counted, and the listener hears again afterwards.
    @Test func withoutDescriptorsClientsAreRefusedPolitely() async {
        await #expect(processExitsWith: .success) {
            precondition(unshareDescriptors())
            let directory = TemporaryDirectory()
            let loop = try EventLoop()
            var accepted: [PipeConnection] = []
            let socket = try ListeningSocket(path: directory.path("s"), mode: 0o600, groupID: nil)
            let listener = try PipeListener(loop, takingOwnershipOf: socket.takeDescriptor(), backlog: 100) { accepted.append($0) }
            var reasons: [Int32] = []
            listener.onRefused = { reasons.append($0.code) }
            let recorder = Recorder()
            let clients = try (0..<5).map { _ in
                let client = try PipeConnection.connect(loop, directory.path("s"))
                client.delegate = recorder
                client.startReading()
                return client
            }
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            var limit = rlimit()
            getrlimit(resource, &limit)
            let before = limit.rlim_cur
            limit.rlim_cur = rlim_t(100)
            setrlimit(resource, &limit)
            // All descriptors are taken, but for two.
            var taken: [Int32] = []
            while case let descriptor = dup(0), descriptor >= 0 { taken.append(descriptor) }
            for _ in 0..<2 { close(taken.removeLast()) }
            loop.run { recorder.ends.count == 3 }
            precondition(accepted.count == 2)
            precondition(listener.refusedCount == 3)
            precondition(reasons == [-EMFILE, -EMFILE, -EMFILE])
            for descriptor in taken { close(descriptor) }

            // Nobody else comes: the loop has nothing to do, and does not spin.
            var turns = 0
            loop.onTurn = { turns += 1 }
            let timer = Timer(loop) { loop.stop() }
            timer.start(after: .milliseconds(50))
            loop.run()
            precondition(turns < 5)

            limit.rlim_cur = before
            setrlimit(resource, &limit)
            let late = try PipeConnection.connect(loop, directory.path("s"))
            loop.run { accepted.count == 3 }
            precondition(listener.refusedCount == 3)
            (clients + accepted + [late]).forEach { $0.close() }
            timer.close()
            listener.close()
            loop.close()
        }
    }
}
