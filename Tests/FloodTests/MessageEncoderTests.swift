import Testing
import Wire

@testable import Flood

struct MessageEncoderTests {
    @Test(arguments: [1, 2] as [UInt8], [Int32(0), 1, 120, 127, 16380, 2_097_150, 268_435_450])
    func framesReadBackAsTheyWereMeant(tag: UInt8, firstSequence: Int32) throws {
        let fixture = EncoderFixture(urlBytes: 60)
        for logs in [1, 2, 10, 100] {
            let time: UInt64 = 1_795_447_957_407_669_166
            let frame = fixture.frame(tag: tag, firstSequence: firstSequence, logs: logs, time: time)
            let (decodedTag, inner) = try fixture.decode(frame)
            #expect(decodedTag.rawValue == tag)
            let request = try fixture.request(inner)
            #expect(request.logCount == logs)
            #expect(Array(inner[request.sessionID]) == fixture.session.text)
            #expect(Array(inner[request.processName]) == MessageEncoder.processName)
            let found = fixture.logs(inner)
            #expect(found.count == logs)
            for (offset, log) in found.enumerated() {
                let variant = fixture.variants[RequestVariants.index(forSequence: firstSequence + Int32(offset))]
                #expect(log.sequenceNumber == firstSequence + Int32(offset))
                #expect(log.allowed == variant.allowed)
                #expect(UInt64(log.seconds) * 1_000_000_000 + UInt64(log.nanos) == time)
                #expect(Array(inner[log.method]) == variant.method)
                #expect(Array(inner[log.url]) == variant.url)
                #expect(Array(inner[log.matchedRule]) == variant.matchedRule)
            }
        }
    }

    @Test func aTimeOfWholeSecondsHasNoNanos() throws {
        let fixture = EncoderFixture(urlBytes: 60)
        let (_, inner) = try fixture.decode(fixture.frame(tag: 2, firstSequence: 0, logs: 1, time: 5_000_000_000))
        let log = try #require(fixture.logs(inner).first)
        #expect(log.seconds == 5)
        #expect(log.nanos == 0)
    }

    @Test func theDefaultMessageIsAsLongAsTheReferenceMeasurements() {
        let fixture = EncoderFixture(urlBytes: FloodConfiguration.urlBytesDefault)
        let bytes = fixture.frame(tag: 2, firstSequence: 60_000, logs: 10, time: 1_795_447_957_407_669_166).count
        #expect((1210...1238).contains(bytes), "\(bytes)")
    }

    @Test func thePayloadNeverExceedsTheBoundThatTheConfigurationChecks() {
        let fixture = EncoderFixture(urlBytes: 300)
        for logs in [1, 7, 80] {
            let frame = fixture.frame(tag: 2, firstSequence: .max - 200, logs: logs, time: 1_795_447_957_999_999_999)
            #expect(frame.count - MessageEncoder.headerBytes <= fixture.encoder.payloadBytesMax(logs: logs))
        }
        var configuration = FloodConfiguration()
        configuration.logsPerMessage = 400
        #expect(configuration.problem != nil)
        configuration.logsPerMessage = 200
        #expect(configuration.problem == nil)
    }

    @Test func sessionsAreUUIDsThatReadBack() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<100 {
            let id = SessionID(using: &generator)
            let text = id.text
            let read = SessionID(text: text.span.bytes)
            #expect(read == id)
            #expect(text[14] == UInt8(ascii: "4"))
            #expect("89ab".utf8.contains(text[19]))
        }
        for text in ["0123", "zzzzzzzz-0000-4000-8000-000000000000", "00000000-0000-4000-8000-0000000000000"] {
            let bytes = Array(text.utf8)
            let read = SessionID(text: bytes.span.bytes)
            #expect(read == nil)
        }
    }
}
