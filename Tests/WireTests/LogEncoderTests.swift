import Oracle
import Testing
import Wire

/// What `LogEncoder` writes, as swift-protobuf reads it.
@Suite struct LogEncoderTests {
    @Test(arguments: [0, 1, -1, 1_000_000_000, -1_000_000_000, 1_785_000_000_123_456_789, .max, .min] as [Int64])
    func timesBeforeAndAfterTheEpoch(nanoseconds: Int64) throws {
        var bytes: [UInt8] = []
        LogEncoder.appendLog(allowed: true, nanoseconds: nanoseconds, method: [], url: [], matchedRule: [], sequenceNumber: 0, to: &bytes)
        let log = try #require(ProtobufOracle.request(bytes)?.logs.first)
        #expect(log.hasTime && (0..<1_000_000_000).contains(log.time.nanos))
        #expect(log.time.seconds.multipliedFullWidth(by: 1_000_000_000).low &+ UInt64(log.time.nanos) == UInt64(bitPattern: nanoseconds))
    }

    @Test func aRequestOfSeveralPieces() throws {
        var bytes: [UInt8] = []
        for number: Int32 in [0, 1, .max, .min, -1] {
            LogEncoder.appendLog(
                allowed: number == 1, nanoseconds: 5, method: Array("GET".utf8), url: Array("https://ü.example/\(number)".utf8),
                matchedRule: number == 1 ? Array("domain=ü.example".utf8) : [], sequenceNumber: number, to: &bytes)
        }
        LogEncoder.appendSession(Array("s".utf8), process: Array("p".utf8), to: &bytes)
        let request = try #require(ProtobufOracle.request(bytes))
        #expect(request.sessionID == "s" && request.confinedProcessName == "p")
        #expect(request.logs.map(\.sequenceNumber) == [0, 1, .max, .min, -1])
        #expect(request.logs.map(\.allowed) == [false, true, false, false, false])
        #expect(request.logs.map(\.httpRequest.matchedRule) == ["", "domain=ü.example", "", "", ""])
        #expect(request.logs.allSatisfy { $0.httpRequest.method == "GET" && $0.httpRequest.url == "https://ü.example/\($0.sequenceNumber)" })
        // Nothing that the schema does not know, and nothing that could be left out.
        #expect(ProtobufOracle.serialized(request).count == bytes.count)
        #expect(BoundaryScan.scan(.logs, bytes.span.bytes) != .empty)
    }
}
