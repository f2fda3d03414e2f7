/// A destination of the daemon that lives with the flood and remembers every log. The HTTP server in this process is one; a
/// stand-in for coderd in a process of its own can be another.
protocol Sink: AnyObject {
    /// What points the daemon at this sink.
    var daemonArguments: [String] { get }
    /// Logs acknowledged so far, for the display.
    var logsDelivered: Int { get }
    /// Refuses everything for this long, from now on.
    func beginOutage(_ duration: Duration)
    /// Ends the sink and hands over what it has. Called once, after the daemon has ended.
    func finish() -> DeliveryRecord
}
