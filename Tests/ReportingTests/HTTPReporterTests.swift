import EventLoop
import Glibc
import HTTPServer
import Oracle
import Pipeline
import Reporting
import TestSupport
import Testing

/// Against our own HTTP server, over real sockets.
@Suite(.timeLimit(.minutes(2))) struct HTTPReporterTests {
    @Test func aProtobufDeliveryIsItsBatchesLaidEndToEnd() throws {
        var received: [HTTPServerRequest] = []
        try withServer({ $0.headers = [.init(name: "X-Tenant", value: "seven"), .init(name: "X-Empty", value: "")] }) {
            received.append($0)
            return HTTPServerResponse(status: 204)
        } _: { harness in
            let delivery = harness.fixture.delivery(batches: [3, 1, 7])
            #expect(harness.send(delivery).isDelivered)
            #expect(received.count == 1)
            let request = try #require(received.first)
            #expect(request.method == "POST")
            #expect(request.path == "/in")
            #expect(request.query == ["source": "test"])
            #expect(request.body == delivery.bytes)
            #expect(request.headers["content-type"] == "application/x-protobuf")
            #expect(request.headers["content-length"] == "\(delivery.bytes.count)")
            #expect(request.headers["idempotency-key"] == delivery.key)
            #expect(request.headers["user-agent"] == "boundary-log-proxy")
            #expect(request.headers["x-tenant"] == "seven")
            #expect(request.headers["x-empty"] == "")
            #expect(request.headers["expect"] == nil)
            #expect(request.headers["authorization"] == nil)
            #expect(request.headers["content-encoding"] == nil)
            #expect(harness.reporter.statistics.bodyBytes == UInt64(delivery.bytes.count))
            #expect(harness.reporter.statistics.responses == [204: 1])
            #expect(harness.reporter.statistics.httpVersion == 11)
            #expect(harness.reporter.bodyBytes(of: delivery.batches[0]) == delivery.batches[0].request.count)
        }
    }

    /// By the merge law, and as swift-protobuf reads it: one request with all logs in order; halves of it with their own.
    @Test func bodiesDecodeAsOneRequest() throws {
        var bodies: [[UInt8]] = []
        try withServer {
            bodies.append($0.body)
            return HTTPServerResponse(status: 200)
        } _: { harness in
            #expect(harness.send(harness.fixture.delivery(batches: [3, 1, 7])).isDelivered)
            var part = harness.fixture.delivery(batches: [9])
            part.logs = 4..<7
            #expect(harness.send(part).isDelivered)
            for (body, numbers) in zip(bodies, [0..<11, 4..<7]) {
                let request = try #require(ProtobufOracle.request(body))
                #expect(request.logs.map(\.sequenceNumber) == numbers.map(Int32.init))
                #expect(request.sessionID == "5f0e2f3c-0000-4000-8000-000000000001")
                #expect(request.confinedProcessName == "test")
                #expect(request.logs.allSatisfy { $0.httpRequest.method == "GET" && $0.httpRequest.matchedRule == "*.org" })
            }
            #expect(bodies.count == 2)
        }
    }

    @Test func aLargeBodyGoesThroughWhole() throws {
        var body: [UInt8] = []
        try withServer {
            body = $0.body
            return HTTPServerResponse(status: 200)
        } _: { harness in
            let delivery = harness.fixture.delivery(batches: Array(repeating: 10, count: 400), urlBytes: 800)
            #expect(delivery.bytes.count > 3_000_000)
            #expect(harness.send(delivery).isDelivered)
            #expect(body == delivery.bytes)
        }
    }

    @Test func someLogsOfABatchAreSlicedOut() throws {
        var bodies: [[UInt8]] = []
        try withServer {
            bodies.append($0.body)
            return HTTPServerResponse(status: 200)
        } _: { harness in
            let whole = harness.fixture.delivery(batches: [6])
            for logs in [0..<3, 3..<6] {
                var half = whole
                half.logs = logs
                #expect(harness.send(half).isDelivered)
            }
            let logBytes = bodies.map { $0.count - 6 - 38 }
            #expect(logBytes[0] + logBytes[1] + 6 + 38 == whole.bytes.count)
            #expect(bodies[0].prefix(40).elementsEqual(whole.bytes.prefix(40)))
        }
    }

    @Test(arguments: [HTTPReporterConfiguration.Format.protobuf, .ndjson], [HTTPReporterConfiguration.Compression.none, .gzip, .zstd])
    func bodiesComeOutAsTheyWentIn(_ format: HTTPReporterConfiguration.Format, _ compression: HTTPReporterConfiguration.Compression) throws {
        var received: [HTTPServerRequest] = []
        try withServer({
            $0.content = .logs(format)
            $0.compression = compression
        }) {
            received.append($0)
            return HTTPServerResponse(status: 200)
        } _: { harness in
            #expect(harness.reporter.traits.mixesSessions == (format == .ndjson))
            // Large, small, large: the buffers are used again.
            for size in [300, 1, 2, 300] {
                let delivery = harness.fixture.delivery(batches: [size, 1], urlBytes: 90)
                #expect(harness.send(delivery).isDelivered)
                let request = received.removeLast()
                #expect(request.headers["content-encoding"] == (compression == .none ? nil : compression.rawValue))
                let plain = try decompressed(request.body, compression)
                if size == 300, compression != .none { #expect(request.body.count < plain.count / 4) }
                if format == .protobuf {
                    #expect(request.headers["content-type"] == "application/x-protobuf")
                    #expect(plain == delivery.bytes)
                } else {
                    #expect(request.headers["content-type"] == "application/x-ndjson")
                    let lines = plain.split(separator: UInt8(ascii: "\n"))
                    #expect(lines.count == size + 1)
                    #expect(plain.last == UInt8(ascii: "\n"))
                    let last = String(decoding: lines[size], as: UTF8.self)
                    #expect(last.contains("\"sequence_number\":\(size),"))
                    #expect(last.hasPrefix("{\"time\":\""))
                    let estimate = delivery.batches.reduce(0) { $0 + harness.reporter.bodyBytes(of: $1) }
                    #expect(estimate >= plain.count && estimate < plain.count * 2)
                }
            }
        }
    }

    @Test func everyStatusHasItsOutcome() throws {
        var status = 0
        try withServer { _ in
            HTTPServerResponse(status: status, body: Array("the server's words".utf8))
        } _: { harness in
            for (code, check) in [
                (200, \DeliveryOutcome.isDelivered), (201, \.isDelivered), (202, \.isDelivered), (299, \.isDelivered),
                (300, \.isTransient), (302, \.isTransient), (304, \.isTransient), (308, \.isTransient),
                (400, \.isRejected), (401, \.isRejected), (403, \.isRejected), (404, \.isRejected), (409, \.isRejected), (422, \.isRejected),
                (408, \.isTransient), (425, \.isTransient), (429, \.isTransient), (413, \.isTooLarge),
                (500, \.isTransient), (501, \.isTransient), (502, \.isTransient), (503, \.isTransient), (504, \.isTransient), (599, \.isTransient),
            ] as [(Int, KeyPath<DeliveryOutcome, Bool>)] {
                status = code
                let outcome = harness.send(harness.fixture.delivery())
                #expect(outcome[keyPath: check], "\(code): \(outcome)")
                if code >= 400 { #expect(outcome.reason == "HTTP \(code): the server's words") }
                #expect(outcome.retryAfter == nil)
            }
            #expect(harness.reporter.statistics.connectionsOpened <= 3)
        }
    }

    @Test func redirectsAreNotFollowed() throws {
        var requests = 0
        try withServer { _ in
            requests += 1
            return HTTPServerResponse(status: 307, headers: [("Location", "https://user:hunter22@e.org/there?key=hunter22")])
        } _: { harness in
            let outcome = harness.send(harness.fixture.delivery())
            #expect(outcome.isTransient)
            #expect(outcome.reason == "HTTP 307: redirects are not followed (to https://***@e.org/there?***)")
            #expect(requests == 1)
        }
    }

    @Test func retryAfterIsHandedOn() throws {
        var value = ""
        try withServer(wallClock: { 1_445_412_480 }) { _ in
            HTTPServerResponse(status: 503, headers: [("Retry-After", value)])
        } _: { harness in
            for (text, expected) in [
                ("7", Duration.seconds(7)), ("0", .zero), ("99999999999999999999", .seconds(3600)), ("-5", nil), ("soon", nil), ("1.5", nil),
                ("Wed, 21 Oct 2015 07:28:30 GMT", .seconds(30)), ("Wed, 21 Oct 2015 07:27:30 GMT", nil),
                ("Fri, 23 Oct 2015 07:28:00 GMT", .seconds(3600)),
            ] as [(String, Duration?)] {
                value = text
                let outcome = harness.send(harness.fixture.delivery())
                #expect(outcome.retryAfter == expected, "\(text)")
            }
        }
    }

    @Test func theKeyIsTheSameOnEveryAttempt() throws {
        var keys: [String?] = []
        var bodies: [[UInt8]] = []
        try withServer {
            keys.append($0.headers["idempotency-key"])
            bodies.append($0.body)
            return HTTPServerResponse(status: keys.count < 3 ? 503 : 200)
        } _: { harness in
            let delivery = harness.fixture.delivery()
            #expect(harness.send(delivery).isTransient)
            #expect(harness.send(harness.fixture.again(delivery)).isTransient)
            #expect(harness.send(harness.fixture.again(delivery)).isDelivered)
            #expect(keys == [delivery.key, delivery.key, delivery.key])
            #expect(bodies == [delivery.bytes, delivery.bytes, delivery.bytes])
        }
    }

    @Test func aThousandDeliveriesTakeOneConnection() throws {
        var count = 0
        try withServer { _ in
            count += 1
            return HTTPServerResponse(status: 200, body: Array("ok".utf8))
        } _: { harness in
            for _ in 0..<1000 { #expect(harness.send(harness.fixture.delivery()).isDelivered) }
            #expect(count == 1000)
            #expect(harness.reporter.statistics.connectionsOpened == 1)
            #expect(harness.reporter.statistics.attempts == 1000)
        }
    }

    @Test func manyDeliveriesAreUnderWayTogether() throws {
        var bodies: Set<[UInt8]> = []
        try withServer {
            bodies.insert($0.body)
            return HTTPServerResponse(status: 200)
        } _: { harness in
            let deliveries = (0..<64).map { harness.fixture.delivery(session: "session \($0)") }
            for _ in 0..<3 {
                bodies = []
                var delivered = 0
                for delivery in deliveries { harness.reporter.send(delivery) { if $0.isDelivered { delivered += 1 } } }
                harness.loop.run(until: { delivered == 64 })
                #expect(bodies == Set(deliveries.map(\.bytes)))
            }
        }
    }

    /// What was counted with strace as well: no timer, no descriptor, no turn.
    @Test func anIdleConnectionCostsNothing() throws {
        // The server is another thread's: its own timers must not count.
        let peer = RawPeer { connection in
            while connection.request() != nil { connection.send(RawPeer.response(200)) }
        }
        try withReporter(HTTPReporterConfiguration(url: peer.url)) { harness in
            for _ in 0..<3 { #expect(harness.send(harness.fixture.delivery()).isDelivered) }
            harness.loop.runOnce(waiting: false)
            // Nothing keeps the loop: with an active handle this would wait.
            #expect(!harness.loop.runOnce(waiting: false))
            #expect(harness.send(harness.fixture.delivery()).isDelivered)
            #expect(peer.connections == 1)
        }
    }

    @Test func closingEndsWhatIsUnderWay() throws {
        try withLoop { loop in
            var respond: [(HTTPServerResponse) -> Void] = []
            let server = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 1 << 20, connectionsMax: 8) { _, answer in
                respond.append(answer)
            }
            defer { server.close() }
            let harness = try ReporterHarness(loop, HTTPReporterConfiguration(url: "http://127.0.0.1:\(server.port)/"))
            var outcomes: [DeliveryOutcome] = []
            for _ in 0..<3 { harness.reporter.send(harness.fixture.delivery()) { outcomes.append($0) } }
            loop.run(until: { respond.count == 3 })
            var isClosed = false
            harness.reporter.close { isClosed = true }
            harness.fixture.scribble()
            harness.reporter.send(harness.fixture.delivery()) { outcomes.append($0) }
            #expect(outcomes.isEmpty)
            loop.run(until: { isClosed })
            #expect(outcomes.count == 4)
            let allTransient = outcomes.allSatisfy { $0.isTransient }
            #expect(allTransient)
        }
    }
}
