/// For how long the destination is down.
public enum SinkOutage: Equatable, Sendable {
    /// From the middle of the run on.
    case middle(Duration)
    /// For as long as the clients send: it is up only after that.
    case whileSending
}
