import Glibc
import Synchronization
import TestSupport
import Testing

@testable import EventLoop

@Suite(.timeLimit(.minutes(1))) struct ListeningSocketTests {
    private typealias Failure = ListeningSocket.Failure
    private let directory = TemporaryDirectory()

    private func mode(_ path: String) -> UInt32 {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : .max
    }

    /// Fails as expected, and leaves what is at the path as it was.
    private func expectFailure(_ path: String, _ expected: Failure, _ description: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let before = FileIdentity(path)
        let failure = #expect(throws: Failure.self, sourceLocation: sourceLocation) {
            _ = try ListeningSocket(path: path, mode: 0o600, groupID: nil)
        }
        #expect(failure == expected, sourceLocation: sourceLocation)
        #expect(failure?.description == description, sourceLocation: sourceLocation)
        #expect(FileIdentity(path) == before, sourceLocation: sourceLocation)
    }

    @Test func aPathMayHave107Bytes() throws {
        let longest = directory.path(String(repeating: "x", count: 107 - directory.path.utf8.count - 1))
        let socket = try ListeningSocket(path: longest, mode: 0o600, groupID: nil)
        #expect(FileIdentity(longest) != nil)
        socket.unlink()
        expectFailure(
            longest + "é", .pathTooLong(longest + "é", bytes: 109),
            "cannot listen on \(longest)é: the path has 109 bytes, and a Unix socket's may have 107")
        #expect(throws: Failure.self) { _ = try ListeningSocket(path: "", mode: 0o600, groupID: nil) }
    }

    @Test func directoriesAreNotMade() throws {
        let missing = directory.path("missing")
        expectFailure(
            "\(missing)/s", .directoryMissing(missing), "cannot listen in \(missing): the directory does not exist")
        fclose(fopen(directory.path("file"), "w"))
        expectFailure(
            "\(directory.path("file"))/s", .system(LoopError(errno: ENOTDIR, attempt: "listen on \(directory.path("file"))/s")),
            "cannot listen on \(directory.path("file"))/s: not a directory (ENOTDIR)")
    }

    @Test func otherKindsOfFileAreLeftAlone() throws {
        let path = directory.path("s")
        func expectKind(_ kind: String, sourceLocation: SourceLocation = #_sourceLocation) {
            expectFailure(
                path, .notASocket(path, kind: kind), "cannot listen on \(path): it exists and is \(kind), not a socket; it was left as it is",
                sourceLocation: sourceLocation)
        }
        fclose(fopen(path, "w"))
        expectKind("a regular file")
        unlink(path)
        mkdir(path, 0o700)
        expectKind("a directory")
        rmdir(path)
        mkfifo(path, 0o600)
        expectKind("a named pipe")
        unlink(path)
        symlink("/nowhere", path)
        expectKind("a symbolic link to /nowhere")
        unlink(path)
        // A link to a stale socket is not a stale socket.
        do { _ = try ListeningSocket(path: directory.path("real"), mode: 0o600, groupID: nil) }
        symlink(directory.path("real"), path)
        expectKind("a symbolic link to \(directory.path("real"))")
        #expect(FileIdentity(directory.path("real")) != nil)
    }

    @Test func aLiveSocketIsLeftAlone() throws {
        let path = directory.path("s")
        let socket = try ListeningSocket(path: path, mode: 0o600, groupID: nil)
        expectFailure(
            path, .alreadyServed(path, processID: getpid()), "cannot listen on \(path): another process is serving it (pid \(getpid()))")
        socket.unlink()
        #expect(FileIdentity(path) == nil)
    }

    @Test func aLiveSocketOfAnotherTypeIsLeftAlone() throws {
        let path = directory.path("s")
        let datagrams = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #expect(UnixSocket.withAddress(of: path) { bind(datagrams, $0, $1) } == 0)
        expectFailure(path, .alreadyServed(path, processID: nil), "cannot listen on \(path): another process is serving it")
        close(datagrams)
        try waitUntilNobodyListens(path)
        let socket = try ListeningSocket(path: path, mode: 0o600, groupID: nil)
        socket.unlink()
    }

    @Test func aStaleSocketIsReplaced() throws {
        let path = directory.path("s")
        // Not taken: closed as it goes away, while the path stays.
        do { _ = try ListeningSocket(path: path, mode: 0o600, groupID: nil) }
        try waitUntilNobodyListens(path)
        let stale = try #require(FileIdentity(path))
        // Keeps the inode from being used again.
        link(path, directory.path("kept"))
        let socket = try ListeningSocket(path: path, mode: 0o600, groupID: nil)
        #expect(FileIdentity(path) != stale)
        socket.unlink()
    }

    @Test func unlinkRemovesOnlyItself() throws {
        let path = directory.path("s")
        let first = try ListeningSocket(path: path, mode: 0o600, groupID: nil)
        unlink(path)
        let second = try ListeningSocket(path: path, mode: 0o600, groupID: nil)
        let identity = FileIdentity(path)
        // tmpfs gives out inodes anew, other file systems may reuse them at once: then first and second cannot be told apart.
        first.unlink()
        #expect(FileIdentity(path) == identity || FileIdentity(path) == nil)
        close(second.takeDescriptor())
        second.unlink()
        second.unlink()
        #expect(FileIdentity(path) == nil)
        fclose(fopen(path, "w"))
        second.unlink()
        unlink(path)
    }

    @Test func descriptorsAreClosedOnExecAndDoNotBlock() throws {
        let socket = try ListeningSocket(path: directory.path("s"), mode: 0o600, groupID: nil)
        let descriptor = socket.takeDescriptor()
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
        close(descriptor)
        socket.unlink()
    }

    @Test func groupsHaveNamesOrNumbers() throws {
        #expect(try ListeningSocket.groupID(named: "root") == 0)
        #expect(try ListeningSocket.groupID(named: "4711") == 4711)
        let failure = #expect(throws: Failure.unknownGroup("no-such-group")) { try ListeningSocket.groupID(named: "no-such-group") }
        #expect(failure?.description == "cannot give the socket to group no-such-group: there is no such group")
    }

    /// The mode is exact under any umask, in a process of its own as the umask is the process's.
    @Test func theUmaskHasNoInfluence() async {
        await #expect(processExitsWith: .success) {
            let directory = TemporaryDirectory()
            for mask: mode_t in [0, 0o022, 0o777] {
                for mode: UInt16 in [0o600, 0o660, 0o666, 0o400, 0o060, 0, 0o777] {
                    umask(mask)
                    let path = directory.path("s")
                    let socket = try ListeningSocket(path: path, mode: mode, groupID: nil)
                    var status = stat()
                    precondition(lstat(path, &status) == 0 && status.st_mode & 0o7777 == mode)
                    socket.unlink()
                }
            }
        }
    }

    /// A second thread looks all the time; with umask 0, which would show a mistake.
    @Test func rightsAreNeverWider() async {
        await #expect(processExitsWith: .success) {
            umask(0)
            let directory = TemporaryDirectory()
            let path = directory.path("s")
            // Other groups than our own are for root to give.
            let group: UInt32 = getuid() == 0 ? 4711 : getgid()
            let threads = onThreads(1) { _ in
                while !Watch.isDone.load(ordering: .acquiring) {
                    var status = stat()
                    guard lstat(path, &status) == 0 else { continue }
                    let mode = status.st_mode & 0o7777
                    precondition(mode & ~0o660 == 0, "wider than asked for")
                    precondition(mode & 0o070 == 0 || status.st_gid == group, "rights for another group")
                    Watch.seen.add(1, ordering: .relaxed)
                }
            }
            while Watch.seen.load(ordering: .relaxed) < 2000 {
                let socket = try ListeningSocket(path: path, mode: 0o660, groupID: group)
                socket.unlink()
            }
            Watch.isDone.store(true, ordering: .releasing)
            join(threads)
        }
    }

    private enum Watch {
        static let isDone = Atomic(false)
        static let seen = Atomic(0)
    }

    /// Several that start at once at a stale socket: one serves, the others say so, none takes the path from another.
    ///
    /// In a process of its own: where other tests start programs, a child holds our sockets open between fork and exec.
    @Test func startsAreLinedUp() async {
        await #expect(processExitsWith: .success) {
            let directory = TemporaryDirectory()
            let path = directory.path("s")
            for _ in 0..<300 {
                do { _ = try ListeningSocket(path: path, mode: 0o600, groupID: nil) }
                let counts = Shared(Mutex((serving: 0, refused: 0, other: 0)))
                let descriptors = Shared(Mutex<[Int32]>([]))
                join(
                    onThreads(6) { _ in
                        do throws(Failure) {
                            let socket = try ListeningSocket(path: path, mode: 0o600, groupID: nil)
                            descriptors.value.withLock { $0.append(socket.takeDescriptor()) }
                            counts.value.withLock { $0.serving += 1 }
                        } catch {
                            counts.value.withLock {
                                if case .alreadyServed = error { $0.refused += 1 } else { $0.other += 1 }
                            }
                        }
                    })
                let result = counts.value.withLock { $0 }
                precondition(result == (1, 5, 0), "\(result)")
                descriptors.value.withLock { $0 }.forEach { close($0) }
            }
        }
    }
}

private final class Shared<Value: ~Copyable & Sendable>: Sendable {
    let value: Value
    init(_ value: consuming Value) { self.value = value }
}
