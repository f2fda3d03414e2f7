internal import Glibc

/// Writes files off the loop's thread, in libuv's thread pool, so that a slow disk or pipe never stalls the loop.
///
/// One piece of work writes all of the bytes, with as many write(2) as it takes: a uv_fs_write for each would cost a round trip for
/// each, and could not wait for a non-blocking pipe. SIGPIPE is never raised: a pipe without reader is `-EPIPE`.
///
/// https://docs.libuv.org/en/v1.x/threadpool.html
public final class FileWriter {
    private let loop: EventLoop

    /// Whether a write is under way. `EventLoop.close` waits for its end; a pipe that nobody reads can delay it without bound.
    /// Neither can it be cancelled, and even exit(3) waits for libuv's threads: a process that must end anyway ends by _exit(2).
    public private(set) var isBusy = false

    public init(_ loop: EventLoop) {
        self.loop = loop
    }

    /// Writes all of `bytes` at the end of `descriptor` (at its file position, for one without O_APPEND); one write at a time.
    /// `completion`, never called inside this call, gets how many bytes were written, and the error if that was not all. Array and
    /// writer are kept alive until then; the descriptor must stay open.
    public func write(_ bytes: [UInt8], to descriptor: Int32, completion: @escaping (Int, LoopError?) -> Void) {
        precondition(!isBusy, "a FileWriter writes one thing at a time")
        isBusy = true
        BackgroundWork.run(loop) {
            Self.writeAll(bytes, to: descriptor)
        } completion: { [self] (written, errorCode) in
            isBusy = false
            completion(written, errorCode == 0 ? nil : LoopError(errno: errorCode, attempt: "write"))
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> (written: Int, errorCode: Int32) {
        Signals.withoutBrokenPipe {
            bytes.withUnsafeBytes { bytes in
                var written = 0
                while written < bytes.count {
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                    let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                    if count >= 0 {
                        written += count
                        continue
                    }
                    switch errno {
                    case EINTR: continue
                    case EAGAIN: waitUntilWritable(descriptor)
                    default: return (written, errno)
                    }
                }
                return (written, 0)
            }
        }
    }

    private static func waitUntilWritable(_ descriptor: Int32) {
        var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&watched, 1, -1)
    }
}
