import HTTPServer

/// One reader of the stream of logs, and the account of what it was shown: `received = shown + skipped + filtered + pending`.
final class TapFollower {
    let filter: TapFilter
    private let stream: HTTPStream
    private(set) var counts = TapCounts()
    /// Skipped, and the reader was not told yet.
    private(set) var untold: UInt64 = 0
    /// What may still be shown in this window of time.
    var shownLeft = 0
    /// In the frame at hand.
    var isInterested = false

    init(_ stream: HTTPStream, _ filter: TapFilter) {
        (self.stream, self.filter) = (stream, filter)
        // The buffer was full when it was to be told; that is made up for as soon as it has room.
        stream.onDrained = { [unowned self] in _ = tell() }
    }

    func receive(_ logs: Int) { counts.received += UInt64(logs) }
    func filterOut(_ logs: Int) { counts.filtered += UInt64(logs) }

    func skip(_ logs: Int) {
        counts.skipped += UInt64(logs)
        untold += UInt64(logs)
    }

    /// A log that does not fit is skipped, and so are those after it until the reader can be told of it: what is shown keeps its order.
    func show(_ event: [UInt8]) {
        guard tell(), stream.write(event) else { return skip(1) }
        counts.shown += 1
        shownLeft -= 1
    }

    /// Says how many were skipped since the last event; false when there was no room to say it.
    func tell() -> Bool {
        guard untold > 0 else { return true }
        guard stream.write(Array("event: skipped\ndata: {\"logs\":\(untold)}\n\n".utf8)) else { return false }
        untold = 0
        return true
    }
}

/// What became of the logs that came while somebody followed.
struct TapCounts: Equatable, Sendable {
    var received: UInt64 = 0
    var shown: UInt64 = 0
    var skipped: UInt64 = 0
    var filtered: UInt64 = 0

    mutating func add(_ other: TapCounts) {
        received += other.received
        shown += other.shown
        skipped += other.skipped
        filtered += other.filtered
    }
}
