import EventLoop
import HTTPServer
import Synchronization

/// The sink's side of its own thread: answers requests and keeps the record.
final class HTTPSinkServer {
    private static let bodyBytesMax = 64 << 20
    private static let connectionsMax = 64

    private let configuration: SinkConfiguration
    private let shared: HTTPSink.Shared
    private let reader: BodyReader
    /// With OTLP.
    private let decoder: OTLPDecoder?
    private let loop: EventLoop
    private var server: HTTPServer?
    private var timer: Timer?
    private var record = DeliveryRecord()
    private var answered = AnsweredRequests()
    /// The outage whose end is on the record.
    private var outageNoted: UInt64 = 0
    /// With a rate: when the sink is done with what it has taken so far, and the requests that wait until then. A request is
    /// recorded and answered in the same moment, so that one that the daemon gave up meanwhile is not on the books as delivered.
    private var busyUntil: UInt64 = 0
    private var waiting: [Waiting] = []
    private(set) var stopping: Mailbox<Bool>!

    init(
        _ configuration: FloodConfiguration, _ shared: HTTPSink.Shared, for reporter: SinkConfiguration.Reporter, directory: String
    ) throws(FloodError) {
        self.configuration = configuration.sink
        self.shared = shared
        reader = BodyReader(urlBytes: configuration.urlBytes, seed: configuration.seed)
        decoder = reporter == .otlp ? try OTLPDecoder(path: configuration.sink.otlpDecoder ?? "", configuration, directory: directory) : nil
        do {
            loop = try EventLoop()
            stopping = try Mailbox(loop) { [unowned self] _ in close() }
        } catch {
            throw FloodError("cannot start the sink: \(error)")
        }
        timer = Timer(loop) { [unowned self] in takeDue() }
        do {
            server = try HTTPServer(
                loop, host: "127.0.0.1", port: 0, bodyBytesMax: Self.bodyBytesMax, connectionsMax: Self.connectionsMax
            ) { [unowned self] request, respond in receive(request, respond) }
        } catch {
            close()
            loop.close()
            throw FloodError("cannot start the sink: \(error)")
        }
    }

    var port: UInt16 { server!.port }

    /// Serves until `stopping` is posted to.
    func run() -> DeliveryRecord {
        loop.run()
        loop.close()
        decoder?.end()
        record.finish()
        return record
    }

    private struct Waiting {
        var request: HTTPServerRequest
        /// Since 1970, and monotonic, in nanoseconds.
        var arrival: UInt64
        var receivedAt: UInt64
        var respond: (HTTPServerResponse) -> Void
    }

    private func close() {
        for request in waiting { refuse(503, request.respond) }
        waiting.removeAll()
        server?.close()
        timer?.close()
        stopping.close()
    }

    private func receive(_ request: HTTPServerRequest, _ respond: @escaping (HTTPServerResponse) -> Void) {
        let now = SystemClock.monotonic
        record.beganRequest(bytes: request.body.count, now: now)
        let arrived = Waiting(request: request, arrival: SystemClock.wall, receivedAt: now, respond: respond)
        guard now < busyUntil || !waiting.isEmpty else { return take(arrived, now) }
        waiting.append(arrived)
        armTimer(now)
    }

    private func take(_ waiting: Waiting, _ now: UInt64) {
        let request = waiting.request
        let key = request.headers["idempotency-key"]
        record.noteKey(missing: key == nil, repeated: key.map(answered.contains) ?? false)
        let outageUntil = shared.outageUntil.load(ordering: .relaxed)
        if now < outageUntil { return refuse(503, waiting.respond) }
        if outageUntil != outageNoted {
            outageNoted = outageUntil
            record.noteOutageEnd(wall: SystemClock.wall - (now - outageUntil))
        }
        if let bytesMax = configuration.bodyBytesMax, request.body.count > bytesMax { return refuse(413, waiting.respond) }
        let duplicates = record.duplicates
        guard let body = Decompressor.decode(request.body, encoding: request.headers["content-encoding"]),
            let (logs, content) = read(body, request, arrival: waiting.arrival)
        else { return refuse(400, waiting.respond) }
        if let key, var resend = answered.note(key, content, receivedAt: waiting.receivedAt, answeredAt: now) {
            resend.logs = record.duplicates - duplicates
            record.resends.append(resend)
        }
        shared.logs.add(logs, ordering: .relaxed)
        if configuration.logsPerSecond > 0 { busyUntil = max(busyUntil, now) + UInt64(Double(logs) * 1e9 / Double(configuration.logsPerSecond)) }
        waiting.respond(HTTPServerResponse(status: 200))
    }

    /// How many logs were in `body` and are on the record now, and what must be the same when the request comes again; nil when it cannot be read.
    private func read(_ body: [UInt8], _ request: HTTPServerRequest, arrival: UInt64) -> (logs: Int, content: [UInt8])? {
        guard let decoder else {
            return (try? reader.read(body, configuration.format, arrival: arrival, into: &record)).map { ($0, body) }
        }
        do throws(OTLPDecoder.Failed) {
            guard let (logs, content) = try decoder.read(body, isJSON: request.headers["content-type"] == "application/json") else { return nil }
            record.note(logs, arrival: arrival)
            return (logs.count, content)
        } catch {
            record.failure = "the decoder of OTLP ended: \(decoder.messages)"
            return nil
        }
    }

    private func refuse(_ status: Int, _ respond: (HTTPServerResponse) -> Void) {
        record.noteRefusal(status: status)
        respond(HTTPServerResponse(status: status, body: Array("the flood's sink was told to refuse this\n".utf8)))
    }

    private func takeDue() {
        let now = SystemClock.monotonic
        while !waiting.isEmpty, busyUntil <= now { take(waiting.removeFirst(), now) }
        armTimer(now)
    }

    private func armTimer(_ now: UInt64) {
        guard !waiting.isEmpty else { return }
        timer?.start(after: .nanoseconds(busyUntil > now ? Int64(busyUntil - now) : 0))
    }
}
