import EventLoop
import HTTPServer
import Pipeline
import Reporting
import Testing

/// A reporter on a loop, driven one delivery at a time, and closed at the end.
final class ReporterHarness {
    let loop: EventLoop
    let reporter: HTTPReporter
    let fixture = DeliveryFixture()

    init(_ loop: EventLoop, _ configuration: HTTPReporterConfiguration, wallClock: (() -> Int64)? = nil) throws {
        self.loop = loop
        reporter = try HTTPReporter(loop, configuration, wallClock: wallClock.map { clock in { UInt64(clock()) * 1_000_000_000 } })
    }

    @discardableResult func send(_ delivery: Delivery) -> DeliveryOutcome {
        var outcome: DeliveryOutcome?
        var isInside = true
        reporter.send(delivery) {
            #expect(!isInside, "completed inside send")
            #expect(outcome == nil, "completed twice")
            outcome = $0
        }
        isInside = false
        loop.run(until: { outcome != nil })
        return outcome ?? .rejected(reason: "no outcome")
    }

    func close() {
        var isClosed = false
        reporter.close { isClosed = true }
        #expect(!isClosed)
        loop.run(until: { isClosed })
    }
}

/// Runs `body` with a reporter that is closed afterwards.
func withReporter(
    _ configuration: HTTPReporterConfiguration, wallClock: (() -> Int64)? = nil, _ body: (ReporterHarness) throws -> Void
) throws {
    try withLoop { loop in
        let harness = try ReporterHarness(loop, configuration, wallClock: wallClock)
        defer { harness.close() }
        try body(harness)
    }
}

/// Runs `body` with a reporter and a real HTTP server, on one loop.
func withServer(
    _ adjust: (inout HTTPReporterConfiguration) -> Void = { _ in }, wallClock: (() -> Int64)? = nil,
    answering answer: @escaping (HTTPServerRequest) -> HTTPServerResponse, _ body: (ReporterHarness) throws -> Void
) throws {
    try withLoop { loop in
        let server = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 64 << 20, connectionsMax: 128) { request, respond in
            respond(answer(request))
        }
        defer { server.close() }
        var configuration = HTTPReporterConfiguration(url: "http://127.0.0.1:\(server.port)/in?source=test")
        adjust(&configuration)
        let harness = try ReporterHarness(loop, configuration, wallClock: wallClock)
        defer { harness.close() }
        try body(harness)
    }
}

extension DeliveryOutcome {
    var isDelivered: Bool { if case .delivered = self { true } else { false } }
    var isTransient: Bool { if case .transient = self { true } else { false } }
    var isRejected: Bool { if case .rejected = self { true } else { false } }
    var isTooLarge: Bool { if case .tooLarge = self { true } else { false } }

    var retryAfter: Duration? { if case .transient(_, let retryAfter) = self { retryAfter } else { nil } }

    var reason: String {
        switch self {
        case .delivered: ""
        case .partly(_, _, let reason): reason ?? ""
        case .transient(let reason, _), .rejected(let reason), .tooLarge(let reason): reason
        }
    }
}
