import BoundaryLogProxy
import Glibc
import EventLoop
import HTTPServer
import Logging
import Pipeline
import Reporting
import TestSupport
import Testing
import Wire

/// A proxy with an HTTP destination that the test plays, all on one loop.
final class Bench {
    let loop: EventLoop
    let directory = TemporaryDirectory()
    let socketPath: String
    private(set) var proxy: ProxyServer?
    private(set) var sink: HTTPServer?
    let messages = MessageStore()
    private(set) var requests: [HTTPServerRequest] = []
    private(set) var isStopped = false
    /// How the destination answers; 200 unless told otherwise. Nil: not yet (see `answerHeld`).
    var answer: (HTTPServerRequest) -> HTTPServerResponse? = { _ in HTTPServerResponse(status: 200) }
    private var held: [(HTTPServerResponse) -> Void] = []

    /// `here`: options that name files in the bench's directory.
    init(
        _ options: [String: String] = [:], embedding: Embedding = Embedding(), here: (TemporaryDirectory) -> [String: String] = { _ in [:] }
    ) throws {
        loop = try EventLoop()
        socketPath = directory.path("s")
        sink = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 32 << 20, connectionsMax: 64) { [unowned self] request, respond in
            requests.append(request)
            if let response = answer(request) { respond(response) } else { held.append(respond) }
        }
        var all = ["socket": socketPath, "http-url": "http://127.0.0.1:\(sink!.port)/logs", "drain-timeout": "20s"]
        all.merge(options) { $1 }
        all.merge(here(directory)) { $1 }
        let configuration = try TestConfiguration.make(all)
        proxy = try ProxyServer(
            configuration, loop: loop, logger: Logger(label: "test") { [messages] _ in CapturingLogHandler(messages) },
            embedding: embedding)
    }

    func forgetRequests() { requests = [] }

    var snapshot: Snapshot { proxy!.snapshot }

    func answerHeld(_ response: HTTPServerResponse) {
        let answers = held
        held = []
        for respond in answers { respond(response) }
    }

    /// Runs the loop until `condition` holds. The minute is a watchdog, not a wait.
    func run(until what: String, _ condition: () -> Bool) {
        var isLate = false
        let watchdog = Timer(loop) { isLate = true }
        watchdog.start(after: .seconds(60))
        while !condition(), !isLate { loop.runOnce() }
        watchdog.close()
        if isLate { Issue.record("gave up waiting until \(what)") }
    }

    /// Runs the loop until the proxy has closed the client's connection. That the client sees it is an event of its own, which may come when the proxy has
    /// nothing to do any more: see `TestClient.waitForHangUp`.
    func runUntilHangUp(_ client: TestClient) throws {
        let watcher = try PollWatcher(loop, descriptor: client.descriptor) { _ in }
        watcher.start(.readable)
        run(until: "the proxy has closed the connection") { client.isClosedByPeer }
        watcher.close()
    }

    func stop() {
        proxy!.stop { [unowned self] in isStopped = true }
    }

    /// Stops, waits for the end, and checks what must hold at every end.
    @discardableResult
    func finish() -> Snapshot {
        if !isStopped { stop() }
        run(until: "the proxy has stopped") { isStopped }
        let end = snapshot
        #expect(end.ledger.balances)
        #expect(end.ledger.waiting == Tally() && end.ledger.inFlight == Tally())
        proxy = nil
        sink?.close()
        sink = nil
        loop.close()
        return end
    }

    /// What the destination was sent and answered with 200, in order: (session, sequence).
    func received(_ requests: [HTTPServerRequest]? = nil) -> [String] {
        (requests ?? self.requests).flatMap { request -> [String] in
            let span = request.body.span.bytes
            guard case .logs(let scanned) = BoundaryScan.scan(.logs, span) else { return ["invalid"] }
            let session = String(decoding: request.body[scanned.sessionID], as: UTF8.self)
            var reader = LogReader()
            var out: [String] = []
            while let log = reader.next(in: span) { out.append("\(session)/\(log.sequenceNumber)") }
            return out
        }
    }
}

/// Of a proxy with one destination.
extension Snapshot {
    var deliveries: DeliveryStatistics { destinations[0].deliveries }
    var spool: SpoolStatus? { destinations[0].spool }
    var obstacle: String? { destinations[0].obstacle }
    var session: AgentAPIStatus? { destinations[0].session }
    var reporter: ReporterStatistics? { destinations[0].reporter }
    var failuresInARow: Int { destinations[0].failuresInARow }
}

/// Messages that the proxy logged.
final class MessageStore: @unchecked Sendable {
    private(set) var lines: [String] = []
    func append(_ line: String) { lines.append(line) }
    func count(containing text: String) -> Int { lines.filter { $0.contains(text) }.count }
}

struct CapturingLogHandler: LogHandler {
    let store: MessageStore
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace
    init(_ store: MessageStore) { self.store = store }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(event: LogEvent) {
        store.append("\(event.level) \(event.message) \(event.metadata ?? [:])")
    }
}

extension TemporaryDirectory {
    /// The names of what lies in it.
    var entries: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
