/// One boundary run: it numbered its logs 0 ..< `logs`, and sent all of them, unless its history says otherwise.
public struct SentSession: Equatable, Sendable {
    public var id: SessionID
    public var logs: Int
    /// nil where the daemon is not killed.
    public var history: MessageHistory?

    public init(id: SessionID, logs: Int, history: MessageHistory? = nil) {
        self.id = id
        self.logs = logs
        self.history = history
    }

    public var logsSent: Int { history?.logsSent ?? logs }
}
