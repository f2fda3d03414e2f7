// CONTRACT STUB: the signatures that the rest of the product is written against; the first commits of EventLoop replace this
// file by one file per type. All types are confined to the loop's thread and non-Sendable, but for Mailbox.
// Rules (../shared/design.md, rule 6): uv handles live out of line; libuv holds +1 on the Swift owner from init to the close
// callback; close is idempotent and clears the handler first; nothing is freed inside its own callback; deinit asserts closed.

/// A libuv failure: the code and what was being tried.
public struct LoopError: Error, Equatable, Sendable, CustomStringConvertible {
    public var code: Int32
    public var attempt: String
    /// e.g. "cannot listen on /run/x.sock: address already in use (EADDRINUSE)"
    public var description: String { fatalError() }
    public init(code: Int32, attempt: String) { fatalError() }
}

public final class EventLoop {
    public init() throws(LoopError) { fatalError() }
    /// Monotonic nanoseconds, read now (uv_hrtime).
    public var now: UInt64 { fatalError() }
    /// Called once per turn of the loop, after all I/O callbacks of that turn (uv_check): the place where work happens. Costs no wake-up.
    public var onTurn: (() -> Void)?
    /// Runs until `stop` or until nothing is active.
    public func run() { fatalError() }
    /// One turn; `waiting` false polls without blocking. Returns whether anything is still active.
    @discardableResult public func runOnce(waiting: Bool = true) -> Bool { fatalError() }
    public func stop() { fatalError() }
    /// Runs what is closing to its end and closes the loop. Every handle must have been closed; a handle that was not is a bug and traps.
    public func close() { fatalError() }
}

public final class Timer {
    /// `handler` is called on expiry. A timer does not fire again by itself.
    public init(_ loop: EventLoop, _ handler: @escaping () -> Void) { fatalError() }
    /// (Re)arms. Rounded up to whole milliseconds, at least 1 ms.
    public func start(after delay: Duration) { fatalError() }
    public func stop() { fatalError() }
    public var isActive: Bool { fatalError() }
    public func close() { fatalError() }
}

public final class SignalWatcher {
    public init(_ loop: EventLoop, signal: Int32, _ handler: @escaping () -> Void) throws(LoopError) { fatalError() }
    public func close() { fatalError() }
}

/// Watches one descriptor that another library owns.
public final class PollWatcher {
    public struct Events: OptionSet, Sendable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }
        public static let readable = Events(rawValue: 1)
        public static let writable = Events(rawValue: 2)
    }
    /// `handler` gets the events that are ready; an error on the descriptor is reported as both.
    public init(_ loop: EventLoop, descriptor: Int32, _ handler: @escaping (Events) -> Void) throws(LoopError) { fatalError() }
    public func start(_ events: Events) { fatalError() }
    public func stop() { fatalError() }
    public func close() { fatalError() }
}

/// The only Sendable door into a loop: any thread posts, the handler runs once or more on the loop's thread (uv_async).
public final class Mailbox<Message: Sendable>: @unchecked Sendable {
    public init(_ loop: EventLoop, _ handler: @escaping (Message) -> Void) throws(LoopError) { fatalError() }
    /// From any thread; false when the mailbox is closed or already holds `capacity` messages.
    @discardableResult public func post(_ message: Message) -> Bool { fatalError() }
    public func close() { fatalError() }
}

/// A Unix-socket listener. It always accepts, so that it cannot go deaf.
public final class PipeListener {
    /// Takes ownership of a bound Unix stream socket (see ListeningSocket) and listens on it.
    public init(_ loop: EventLoop, takingOwnershipOf descriptor: Int32, backlog: Int32, _ handler: @escaping (PipeConnection) -> Void) throws(LoopError) { fatalError() }
    /// Accepts every connection that is already queued, now, through the handler: what a client wrote before we close is not lost.
    public func acceptQueued() { fatalError() }
    public func close() { fatalError() }
}

public protocol PipeConnectionDelegate: AnyObject {
    /// Where the next read may go: called right before every read. An empty buffer means "not in this turn" and is asked again in the next.
    func connectionWillRead(_ connection: PipeConnection) -> UnsafeMutableRawBufferPointer
    /// `count` bytes (> 0) lie at the start of the buffer last handed out.
    func connection(_ connection: PipeConnection, didRead count: Int)
    /// End of file (`error` nil) or a read error; called once. The delegate closes the connection.
    func connectionDidEnd(_ connection: PipeConnection, error: LoopError?)
}

/// One accepted (or connecting) Unix-stream connection. Reads start with `startReading`.
public final class PipeConnection {
    public unowned(unsafe) var delegate: (any PipeConnectionDelegate)?
    /// The peer, by SO_PEERCRED; nil when the kernel does not say.
    public var peer: (processID: Int32, userID: UInt32, groupID: UInt32)? { fatalError() }
    public func startReading() { fatalError() }
    /// No read callback comes after this returns, until startReading.
    public func stopReading() { fatalError() }
    /// shutdown(SHUT_RD): what the peer has written is still read, then comes end of file; its later writes fail.
    public func endReading() { fatalError() }
    public func close() { fatalError() }
    init() { fatalError() }
}

/// Makes the bound socket of a server, with all the checks of a good start (README, "Life and death").
public struct ListeningSocket: ~Copyable {
    public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        case pathTooLong(String, bytes: Int)
        case directoryMissing(String)
        case alreadyServed(String, processID: Int32?)
        case notASocket(String, kind: String)
        case unknownGroup(String)
        case system(LoopError)
        public var description: String { fatalError() }
    }
    /// Replaces a stale socket (it is a socket, and connecting is refused). The socket never exists with wider rights than `mode`,
    /// and never with rights for a group other than `group`: fchmod before bind, then chown, then chmod. No umask, no race.
    public init(path: String, mode: UInt16, groupID: UInt32?) throws(Failure) { fatalError() }
    /// Hands the descriptor on (to PipeListener); `unlink` still works.
    public func takeDescriptor() -> Int32 { fatalError() }
    /// Removes the path if it still is this very socket (device and inode).
    public func unlink() { fatalError() }
}

/// Writes files off the loop's thread (uv_fs_write in libuv's thread pool), so that a slow disk or pipe never stalls the loop.
public final class FileWriter {
    public init(_ loop: EventLoop) { fatalError() }
    /// Writes all of `bytes` at the end of `descriptor`; one write at a time. `completion` (never inside this call) gets how many bytes were
    /// written, and the error if that was not all. The array is kept alive until then.
    public func write(_ bytes: [UInt8], to descriptor: Int32, completion: @escaping (Int, LoopError?) -> Void) { fatalError() }
}
