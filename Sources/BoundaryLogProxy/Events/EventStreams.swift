import EventLoop
import HTTPServer

/// `/events`: figures once a second and logs as they come, as server-sent events (docs/operations.md), to at most `streamsMax` readers. Nothing of it wakes
/// the daemon while nobody reads.
///
/// https://html.spec.whatwg.org/multipage/server-sent-events.html
final class EventStreams {
    static let streamsMax = 16
    /// What one reader may be behind. Logs that do not fit are skipped, figures are left out: newer ones follow.
    static let bufferBytesMax = 256 << 10
    static let figuresInterval = Duration.seconds(1)
    /// A comment goes out so often, at which a reader that has gone is noticed.
    static let keepAliveInterval = Duration.seconds(15)

    private final class Reader {
        let stream: HTTPStream
        let wantsFigures: Bool
        let follower: TapFollower?

        init(_ stream: HTTPStream, wantsFigures: Bool, follower: TapFollower?) {
            (self.stream, self.wantsFigures, self.follower) = (stream, wantsFigures, follower)
        }
    }

    private let hub: TapHub
    /// The data of one `figures` event: JSON on one line.
    private let figures: () -> String
    private var readers: [Reader] = []
    private var figuresTimer: Timer?
    private var keepAliveTimer: Timer?

    init(_ loop: EventLoop, hub: TapHub, figures: @escaping () -> String) {
        (self.hub, self.figures) = (hub, figures)
        figuresTimer = Timer(loop) { [unowned self] in sendFigures() }
        keepAliveTimer = Timer(loop) { [unowned self] in keepAlive() }
    }

    var count: Int { readers.count }

    /// Tells followers what they missed, as far as there is room. The server ends the streams.
    func close() {
        for reader in readers {
            _ = reader.follower?.tell()
            // They outlive us by what is still in their buffers.
            (reader.stream.onClosed, reader.stream.onDrained) = (nil, nil)
            if let follower = reader.follower { hub.leave(follower) }
        }
        readers = []
        figuresTimer?.close()
        keepAliveTimer?.close()
        (figuresTimer, keepAliveTimer) = (nil, nil)
    }

    func answer(_ request: HTTPServerRequest) -> HTTPServerResponse {
        let wants: Wants
        do { wants = try Wants(request.query) } catch { return StatusAccess.text(400, error.text) }
        guard readers.count < Self.streamsMax else {
            return StatusAccess.text(
                503, "\(Self.streamsMax) readers follow already, which is the most allowed; try again when one has left\n", headers: [("Retry-After", "15")])
        }
        // A HEAD request gets no body.
        guard request.method == "GET" else { return HTTPServerResponse(status: 200, contentType: Self.contentType, headers: StatusAccess.headers) }
        let stream = HTTPStream(bufferBytesMax: Self.bufferBytesMax)
        let follower = wants.logs ? TapFollower(stream, wants.filter) : nil
        let reader = Reader(stream, wantsFigures: wants.figures, follower: follower)
        stream.onClosed = { [unowned self, unowned reader] in leave(reader) }
        readers.append(reader)
        if let follower { hub.follow(follower) }
        // At once, so that a reader sees that it is connected.
        _ = stream.write(Array(": boundary-log-proxy \(Version.text)\n\n".utf8))
        if wants.figures {
            _ = stream.write(figuresEvent())
            if figuresTimer?.isActive == false { figuresTimer?.start(after: Self.figuresInterval) }
        }
        if keepAliveTimer?.isActive == false { keepAliveTimer?.start(after: Self.keepAliveInterval) }
        return HTTPServerResponse(status: 200, contentType: Self.contentType, headers: StatusAccess.headers, stream: stream)
    }

    private static let contentType = "text/event-stream; charset=utf-8"

    private func leave(_ reader: Reader) {
        if let follower = reader.follower { hub.leave(follower) }
        readers.removeAll { $0 === reader }
        if !readers.contains(where: \.wantsFigures) { figuresTimer?.stop() }
        if readers.isEmpty { keepAliveTimer?.stop() }
    }

    private func figuresEvent() -> [UInt8] { Array("event: figures\ndata: \(figures())\n\n".utf8) }

    private func sendFigures() {
        guard readers.contains(where: \.wantsFigures) else { return }
        let event = figuresEvent()
        for reader in readers where reader.wantsFigures { _ = reader.stream.write(event) }
        figuresTimer?.start(after: Self.figuresInterval)
    }

    private func keepAlive() {
        for reader in readers { _ = reader.stream.write(Array(": keep-alive\n\n".utf8)) }
        keepAliveTimer?.start(after: Self.keepAliveInterval)
    }

    /// The query of a request, read strictly: a filter that is misspelt must not show everything.
    private struct Wants {
        var figures = false
        var logs = false
        var filter = TapFilter()

        struct Problem: Error {
            var text: String
        }

        init(_ query: [String: String]) throws(Problem) {
            for (name, value) in query.sorted(by: { $0.key < $1.key }) {
                switch name {
                case "figures": figures = try Self.flag(name, value)
                case "logs": logs = try Self.flag(name, value)
                case "denied": filter.deniedOnly = try Self.flag(name, value)
                case "session": filter.session = Array(value.utf8)
                default: throw Problem(text: "'\(Printable.text(name))' is not known here; \(Self.allowed)\n")
                }
            }
            guard figures || logs else { throw Problem(text: "nothing is asked for; \(Self.allowed)\n") }
        }

        private static let allowed = "allowed are figures=1, logs=1, and with it denied=1 and session=ID (or its beginning)"

        private static func flag(_ name: String, _ value: String) throws(Problem) -> Bool {
            switch value {
            case "1": return true
            case "0": return false
            default: throw Problem(text: "\(name) must be 0 or 1; \(allowed)\n")
            }
        }
    }
}
