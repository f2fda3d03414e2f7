internal import Glibc

/// Waits until a connection can be written to, on a duplicate of its descriptor: libuv's streams report this only with writes of their own,
/// which would raise SIGPIPE.
final class Writability {
    private let descriptor: Int32
    private let watcher: PollWatcher

    init(_ loop: EventLoop, descriptor original: Int32, connection: PipeConnection) throws(LoopError) {
        let descriptor = fcntl(original, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { throw LoopError(errno: errno, attempt: "wait for a connection to become writable") }
        do throws(LoopError) {
            weak var watcherInHandler: PollWatcher?
            let watcher = try PollWatcher(loop, descriptor: descriptor) { [unowned connection] _ in
                watcherInHandler?.stop()
                connection.delegate?.connectionIsWritable(connection)
            }
            watcherInHandler = watcher
            self.descriptor = descriptor
            self.watcher = watcher
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    func await() {
        watcher.start(.writable)
    }

    func close() {
        watcher.close()
        Glibc.close(descriptor)
    }
}
