import BoundaryLogProxy
import HTTPServer
import Pipeline
import Testing

/// The way from a client's write to the destination's answer.
@Suite struct DeliveryTests {
    @Test func anOutageIsSatOutUnderTheSameKeyAndNothingIsLostOrDoubled() throws {
        let bench = try Bench()
        var failures = 0
        bench.answer = { _ in
            failures += 1
            return failures <= 3 ? HTTPServerResponse(status: 503, body: Array("try later".utf8)) : HTTPServerResponse(status: 200)
        }
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<5))
        client.close()
        bench.run(until: "the logs are delivered") { bench.snapshot.ledger.delivered.logs == 5 }
        #expect(Set(bench.requests.map { $0.headers["idempotency-key"]! }).count == 1)
        #expect(bench.requests.count == 4)
        #expect(bench.received(Array(bench.requests.suffix(1))) == (0..<5).map { "a/\($0)" })
        #expect(bench.messages.count(containing: "try later") >= 1)
        #expect(bench.messages.count(containing: "delivering again") == 1)
        let end = bench.finish()
        #expect(end.deliveries.transient == 3 && end.deliveries.delivered == 1)
    }

    @Test func aRefusalDropsTheDeliveryWithTheServersWords() throws {
        let bench = try Bench()
        bench.answer = { _ in HTTPServerResponse(status: 400, body: Array("schema 7 wanted".utf8)) }
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<5))
        client.close()
        let end = bench.finish()
        #expect(end.ledger.droppedForwardFailed == Tally(logs: 5, batches: 1))
        #expect(bench.messages.count(containing: "schema 7 wanted") == 1)
    }

    @Test(arguments: ["protobuf", "ndjson"])
    func tooLargeRequestsAreHalvedUntilTheyFit(format: String) throws {
        let bench = try Bench(["http-format": format])
        bench.answer = { request in HTTPServerResponse(status: request.body.count > 3000 ? 413 : 200) }
        var accepted: [HTTPServerRequest] = []
        let inner = bench.answer
        bench.answer = { request in
            let response = inner(request)!
            if response.status == 200 { accepted.append(request) }
            return response
        }
        let client = TestClient(bench.socketPath)
        for number in Int32(0)..<10 { client.write(TestFrame.logs(session: "a", sequence: number * 10..<number * 10 + 10)) }
        client.write(TestFrame.logs(session: "a", sequence: 100..<101, urlBytes: 5000))
        client.close()
        let end = bench.finish()
        #expect(end.ledger.delivered.logs == 100 && end.ledger.droppedForwardFailed == Tally(logs: 1, batches: 1))
        if format == "protobuf" {
            #expect(bench.received(accepted) == (0..<100).map { "a/\($0)" })
        } else {
            let lines = accepted.flatMap { String(decoding: $0.body, as: UTF8.self).split(separator: "\n") }
            #expect(lines.count == 100)
            #expect(lines.enumerated().allSatisfy { $0.element.contains("\"sequence_number\":\($0.offset),") })
        }
    }

    /// 100 logs of one frame, whose session id takes 120,000 bytes in each of their lines.
    @Test func aFrameWhoseLinesAreLargeGoesOutInRequestsOfOrdinarySize() throws {
        let bench = try Bench(["http-format": "ndjson"])
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: String(repeating: "\u{1}", count: 20_000), sequence: 0..<100))
        client.close()
        let end = bench.finish()
        #expect(end.ledger.delivered == Tally(logs: 100, batches: 1))
        #expect(bench.requests.allSatisfy { $0.body.count <= 1 << 20 })
        let lines = bench.requests.flatMap { $0.body.split(separator: UInt8(ascii: "\n")) }
        #expect(lines.count == 100)
        for (number, line) in lines.enumerated() {
            #expect(String(decoding: line.suffix(60), as: UTF8.self).contains("\"sequence_number\":\(number),"))
        }
    }

    @Test func sessionsAreNeverMixedInOneProtobufRequest() throws {
        let bench = try Bench(["in-flight-max": "4"])
        let clients = (0..<8).map { _ in TestClient(bench.socketPath) }
        for round in Int32(0)..<10 {
            for (number, client) in clients.enumerated() {
                client.write(TestFrame.logs(session: number == 0 ? "" : "s\(number)", sequence: round..<round + 1))
            }
        }
        for client in clients { client.close() }
        bench.finish()
        for request in bench.requests {
            #expect(Set(bench.received([request]).map { $0.prefix { $0 != "/" } }).count == 1)
        }
        #expect(bench.received().count == 80)
    }

    @Test func theSameWarningComesOnceASecondWithACount() throws {
        let bench = try Bench()
        let client = TestClient(bench.socketPath)
        client.write((0..<500).flatMap { _ in TestFrame.frame(tag: 1, [0xff]) })
        client.close()
        let end = bench.finish()
        #expect(end.ingest.invalidProtobuf == 500)
        let complaints = bench.messages.count(containing: "not valid protobuf")
        #expect(complaints >= 1 && complaints < 50)
        #expect(bench.messages.count(containing: "more like this") >= 1)
    }
}
