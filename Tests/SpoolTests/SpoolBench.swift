import Glibc
import Pipeline
import Spool
import Synchronization
import TestSupport

/// A directory of its own, clocks that the test moves, and requests that stay where they are.
final class SpoolBench {
    /// Both clocks: the pipeline's, in nanoseconds, and how far the wall's is ahead of it.
    final class Clock: Sendable {
        private let values = Mutex((now: UInt64(1_000_000_000_000), wallOffset: Int64(1_790_000_000_000_000_000)))

        var now: Instant { Instant(nanoseconds: values.withLock { $0.now }) }
        var wall: Int64 { values.withLock { Int64($0.now) + $0.wallOffset } }

        func advance(_ duration: Duration) { values.withLock { $0.now += UInt64(duration.wholeNanoseconds) } }

        /// A new process: its clock starts elsewhere, the wall's goes on.
        func restart(at now: UInt64) {
            values.withLock { values in
                values.wallOffset += Int64(values.now) - Int64(now)
                values.now = now
            }
        }
    }

    let temporary: TemporaryDirectory
    let directory: String
    let clock: Clock
    private var mount: Mount?
    private var requests: [UnsafeMutableRawBufferPointer] = []

    init(in temporary: TemporaryDirectory = TemporaryDirectory(), name: String = "spool", clock: Clock = Clock()) {
        self.temporary = temporary
        self.clock = clock
        directory = temporary.path(name)
    }

    deinit {
        // Before the directory goes that it is mounted in.
        mount?.unmount()
        for request in requests { request.deallocate() }
    }

    /// A file system of `size` in place of the directory.
    func mount(size: String) -> Mount? {
        mount = Mount(directory, size: size)
        return mount
    }

    func open(_ synchronous: SpoolStore.Synchronous = .normal) throws -> SpoolStore {
        try SpoolStore(directory: directory, synchronous: synchronous, wallClock: { [clock] in clock.wall })
    }

    /// A job with nothing in it yet.
    func job(_ build: (inout SpoolJob) -> Void = { _ in }) -> SpoolJob {
        var job = SpoolJob(now: clock.now)
        build(&job)
        return job
    }

    /// A batch of logs with the sequence numbers `sequence`, which arrives now.
    func batch(_ session: String, process: String = "agent", _ sequence: Range<Int32>, urlBytes: Int = 20) -> Batch {
        let (bytes, sessionID, processName) = SpoolRequest.make(session: session, process: process, sequence: sequence, urlBytes: urlBytes)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        memory.copyBytes(from: bytes)
        requests.append(memory)
        return Batch(
            request: UnsafeRawBufferPointer(memory), logCount: sequence.count, sessionID: sessionID, processName: processName, arrived: clock.now)
    }

    func run(_ session: String, _ sequence: Range<Int32>, urlBytes: Int = 20, key: String? = nil) -> SpoolRun {
        SpoolRun(key: key, batches: [batch(session, sequence, urlBytes: urlBytes)], logs: nil, logCount: sequence.count)
    }

    /// Takes all out and settles it, in deliveries of up to `bytesMax`.
    func drain(_ store: SpoolStore, bytesMax: Int = 1 << 20, mixes: Bool = false) -> [LoadedDelivery] {
        var all: [LoadedDelivery] = []
        var settled: [String] = []
        while true {
            let result = store.run(job { job in
                job.settled = settled
                job.load = SpoolLoad(
                    bytesMax: bytesMax, totalBytesMax: bytesMax * 4, mixesSessions: mixes, keys: (0..<8).map { "drain-\(all.count)-\($0)" })
            })
            all += result.loaded
            settled = result.loaded.map(\.key)
            if result.loaded.isEmpty { return all }
        }
    }

    /// The database as a crash at this moment would leave it, in a directory of its own.
    func crash(to name: String) throws -> SpoolBench {
        let copy = SpoolBench(in: temporary, name: name, clock: clock)
        mkdir(copy.directory, 0o700)
        for file in ["spool.db", "spool.db-wal"] where access("\(directory)/\(file)", F_OK) == 0 {
            try TestFile.write(try TestFile.read("\(directory)/\(file)"), to: "\(copy.directory)/\(file)")
        }
        return copy
    }

    var files: [String] { TestFile.names(in: directory) }
}
