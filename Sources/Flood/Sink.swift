/// A destination of the daemon that lives with the flood and remembers every log: `HTTPSink` in this process, also for OTLP, or `CoderSink`, the
/// stand-in for coderd in a process of its own.
protocol Sink: AnyObject {
    /// What points the daemon's reporter at this sink.
    var daemonArguments: [String] { get }
    /// Logs acknowledged so far, for the display.
    var logsDelivered: Int { get }
    /// The clients begin, and have ended, to send: what goes on all the while happens in between.
    func beginSending()
    func endSending()
    /// Refuses everything for this long, from now on.
    func beginOutage(_ duration: Duration)
    /// Ends an outage before its time.
    func endOutage()
    /// Ends the sink and hands over what it has. Called once, after the daemon has ended.
    func finish() -> DeliveryRecord
}
