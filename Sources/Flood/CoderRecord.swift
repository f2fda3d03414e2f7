/// What the stand-in for coderd knows beyond the logs themselves.
public struct CoderRecord: Equatable, Sendable {
    public var dials = 0
    /// Dials that were answered with anything but 101.
    public var dialsRefused = 0
    /// Sessions that were opened, and those of them that the sink killed.
    public var sessions = 0
    public var kills = 0
    /// Calls that a kill left without a sign that their answer had arrived, and their logs.
    public var callsInFlightAtKills = 0
    public var logsInFlightAtKills = 0
    /// Duplicates of logs of calls whose answer perhaps never arrived, at most one for each such call of a log.
    public var duplicatesInFlight = 0
    /// What the daemon did that a client of coderd must not do, each with its count.
    public var violations: [String: Int] = [:]
    /// Why the sink could not do its work, in words.
    public var failure: String?
}
