import Testing
import Wire

@testable import Flood

struct BodyReaderTests {
    private let fixture = EncoderFixture(urlBytes: 60)
    private let reader = BodyReader(urlBytes: 60, seed: 1)
    private let arrival: UInt64 = 1_795_447_957_408_669_166

    private func inner(_ firstSequence: Int32, _ logs: Int) throws -> [UInt8] {
        try fixture.decode(fixture.frame(tag: 2, firstSequence: firstSequence, logs: logs)).1
    }

    private func lines(_ inner: [UInt8]) throws -> [UInt8] {
        let request = try fixture.request(inner)
        var lines: [UInt8] = []
        NDJSON.append(inner.span.bytes, sessionID: request.sessionID, processName: request.processName, logs: nil, to: &lines)
        return lines
    }

    @Test func readsMergedRequestsInBothFormats() throws {
        for format in SinkConfiguration.Format.allCases {
            let parts = try [inner(0, 10), inner(10, 10), inner(20, 5)].map { format == .protobuf ? $0 : try lines($0) }
            var record = DeliveryRecord()
            #expect(try reader.read(parts.flatMap { $0 }, format, arrival: arrival, into: &record) == 25)
            record.finish()
            #expect(record.session(fixture.session)?.unique == 25)
            #expect(record.outOfOrder == 0)
            #expect(record.damaged == 0)
            #expect(record.latency.totalCount == 25)
            #expect(record.latency.maxRecorded == 1000)
        }
    }

    @Test func noticesALogThatIsNotWhatWasSent() throws {
        for format in SinkConfiguration.Format.allCases {
            var body = try inner(0, 10)
            if format == .ndjson { body = try lines(body) }
            // A letter of the third URL, the same length and valid in itself.
            let url = fixture.variants[2].url
            let start = try #require((0..<body.count).first { body[$0...].starts(with: url) })
            body[start + url.count - 1] = UInt8(ascii: "!")
            var record = DeliveryRecord()
            _ = try reader.read(body, format, arrival: arrival, into: &record)
            #expect(record.damaged == 1)
            #expect(record.session(fixture.session)?.unique == 9)
        }
    }

    @Test func anUnreadableBodyLeavesTheRecordAlone() throws {
        for format in SinkConfiguration.Format.allCases {
            var body = try inner(0, 10)
            if format == .ndjson { body = try lines(body) }
            body.removeLast(3)
            var record = DeliveryRecord()
            #expect(throws: BodyReader.Unreadable.self) { try reader.read(body, format, arrival: arrival, into: &record) }
            #expect(record.logs == 0)
        }
    }
}
