/// When each message of a session was written, kept where the daemon is killed: what a kill may take depends on a log's age.
public struct MessageHistory: Equatable, Sendable {
    /// Messages that the daemon perhaps had not read when it was killed.
    struct Unread: Equatable, Sendable {
        /// The kill's number, from 0 on.
        var kill: Int
        /// When the oldest of them was written.
        var since: UInt64
    }

    /// All messages of a session are equally long, so that an index tells the sequence numbers.
    public let logsPerMessage: Int
    /// Monotonic nanoseconds at which a message was wholly in the socket. 0: it never was (the connection broke first), so that nobody can have received it
    /// whole: the client lost it, it counts as not sent.
    public private(set) var writtenAt: [UInt64] = []
    private(set) var unread: [Unread] = []

    public init(logsPerMessage: Int) { self.logsPerMessage = logsPerMessage }

    public var logsSent: Int { writtenAt.reduce(0) { $1 == 0 ? $0 : $0 + logsPerMessage } }

    mutating func wrote(at now: UInt64) { writtenAt.append(now) }

    mutating func failed() { writtenAt.append(0) }

    /// The last `messages` were perhaps unread when the kill of this number came.
    mutating func noteUnread(_ messages: Int, atKill kill: Int) {
        guard messages > 0, messages <= writtenAt.count else { return }
        unread.append(Unread(kill: kill, since: writtenAt[writtenAt.count - messages]))
    }
}
