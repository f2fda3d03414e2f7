import Testing
import Wire

@testable import wire_differential

struct LogReaderTests {
    @Test func fieldsMergeAndTheLastScalarWins() throws {
        let log =
            [0x08, 0x01, 0x08, 0x00] + bytesField(2, [0x08, 0x05]) + bytesField(2, [0x10, 0x06]) + bytesField(3, stringField(1, "GET"))
            + bytesField(3, stringField(2, "/u") + stringField(1, "PUT")) + [0x20, 0x01, 0x20, 0x02]
        let request = bytesField(1, log)
        let view = try #require(readLogs(request).first)
        #expect(!view.allowed)
        #expect(view.hasTime && view.seconds == 5 && view.nanos == 6)
        #expect(view.hasHTTPRequest)
        #expect(String(decoding: request[view.method], as: UTF8.self) == "PUT")
        #expect(String(decoding: request[view.url], as: UTF8.self) == "/u")
        #expect(view.matchedRule.isEmpty)
        #expect(view.sequenceNumber == 2)
    }

    @Test func anEmptyLogIsALog() {
        #expect(readLogs(bytesField(1, []) + stringField(2, "s") + bytesField(1, [])) == [LogView(), LogView()])
        #expect(readLogs([]) == [])
        #expect(readLogs(stringField(2, "s")) == [])
    }

    @Test func integersAreCutAsGoCutsThem() throws {
        // 2³² + 7 in an int32 field; 2⁶³ in a bool.
        let log: [UInt8] = [0x20, 0x87, 0x80, 0x80, 0x80, 0x10, 0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]
        let view = try #require(readLogs(bytesField(1, log)).first)
        #expect(view.sequenceNumber == 7)
        #expect(view.allowed)
    }

    @Test func anInvalidRequestEndsTheReading() {
        #expect(readLogs(bytesField(1, [0x20, 3]) + [0x0A, 0x7F, 0x00]).map(\.sequenceNumber) == [3])
    }
}
