import Glibc

@testable import EventLoop

/// A loop for one test, closed at its end: which traps when the test, or the code under it, left a handle open.
func withLoop(_ body: (EventLoop) throws -> Void) throws {
    let loop = try EventLoop()
    try body(loop)
    loop.close()
}

extension EventLoop {
    /// Turns until `condition` holds; the suite's time limit ends what never comes.
    func run(until condition: () -> Bool) {
        while !condition() { runOnce() }
    }
}

/// Until the socket at `path`, which was closed, is dead: a program that another test is starting has a copy of it between fork and exec.
func waitUntilNobodyListens(_ path: String) throws {
    while true {
        let probe = try UnixSocket.make()
        defer { close(probe) }
        if UnixSocket.connect(probe, to: path) == ECONNREFUSED { return }
        sched_yield()
    }
}

/// Records what a connection tells.
final class Recorder: PipeConnectionDelegate {
    let buffer: UnsafeMutableRawBufferPointer
    private(set) var received: [UInt8] = []
    private(set) var readCounts: [Int] = []
    private(set) var writableCount = 0
    private(set) var ends: [LoopError?] = []
    var closesAtEnd = true
    var willRead: ((PipeConnection) -> Bool)?
    var didRead: ((PipeConnection) -> Void)?
    var isWritable: ((PipeConnection) -> Void)?

    init(bufferBytes: Int = 65536) {
        buffer = .allocate(byteCount: bufferBytes, alignment: 16)
    }

    deinit {
        buffer.deallocate()
    }

    func connectionWillRead(_ connection: PipeConnection) -> UnsafeMutableRawBufferPointer {
        willRead?(connection) ?? true ? buffer : UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    func connection(_ connection: PipeConnection, didRead count: Int) {
        received += buffer[..<count]
        readCounts.append(count)
        didRead?(connection)
    }

    func connectionDidEnd(_ connection: PipeConnection, error: LoopError?) {
        ends.append(error)
        if closesAtEnd { connection.close() }
    }

    func connectionIsWritable(_ connection: PipeConnection) {
        writableCount += 1
        isWritable?(connection)
    }
}

extension PipeConnection {
    /// Writes all of a few bytes that the kernel can take at once.
    func writeAll(_ bytes: [UInt8]) throws {
        let count = try bytes.withUnsafeBytes { try write($0) }
        precondition(count == bytes.count)
    }

    /// Writes until the kernel takes no more; the count of bytes.
    func fill(_ byte: UInt8 = 7) throws -> Int {
        let bytes = [UInt8](repeating: byte, count: 4096)
        var total = 0
        while true {
            let count = try bytes.withUnsafeBytes { try write($0) }
            if count == 0 { return total }
            total += count
        }
    }
}

/// Starts plain threads, to be joined by `join`.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> [pthread_t] {
    (0..<count).map { index in
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work { body(index) }).toOpaque()
        pthread_create(&thread, nil, { work in
            Unmanaged<Work>.fromOpaque(work!).takeRetainedValue().body()
            return nil
        }, work)
        return thread
    }
}

func join(_ threads: [pthread_t]) {
    for thread in threads { pthread_join(thread, nil) }
}

private final class Work {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
}
