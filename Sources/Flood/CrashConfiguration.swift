/// How the daemon is killed, again and again, and started anew.
public struct CrashConfiguration: Equatable, Sendable {
    /// The mean of a process's life, from its start on.
    public var every: Duration
    /// After so many kills the clients stop; nil: the kills go on for as long as they send.
    public var count: Int?

    public init(every: Duration, count: Int? = nil) {
        self.every = every
        self.count = count
    }

    var problem: String? {
        if every < .milliseconds(10) { return "--crash-every must be at least 10ms" }
        if let count, count < 1 { return "--crashes must be at least 1" }
        return nil
    }
}
