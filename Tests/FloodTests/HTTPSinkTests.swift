import Testing

@testable import Flood

struct HTTPSinkTests {
    private let variants = RequestVariants(urlBytes: FloodConfiguration.urlBytesDefault, seed: 1).variants
    private let session = SessionID(high: 0x0123_4567_89ab_4def, low: 0x8123_4567_89ab_cdef)

    private func configuration(_ change: (inout SinkConfiguration) -> Void = { _ in }) -> FloodConfiguration {
        var configuration = FloodConfiguration()
        configuration.sink.format = .ndjson
        change(&configuration.sink)
        return configuration
    }

    private func lines(_ sequences: Range<Int32>) -> [UInt8] {
        Array(sequences.map { sequence in
            let variant = variants[RequestVariants.index(forSequence: sequence)]
            func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
            return """
                {"time":"2026-11-23T17:12:37.407669166Z","allowed":\(variant.allowed),"method":"\(text(variant.method))","url":"\(text(variant.url))",\
                "matched_rule":"\(text(variant.matchedRule))","session_id":"\(session)","sequence_number":\(sequence),"confined_process_name":"claude-code"}\n
                """
        }.joined().utf8)
    }

    @Test func remembersWhatItAcknowledgedAndByWhichKey() throws {
        let sink = try HTTPSink(configuration())
        let client = try RawHTTPClient(port: sink.port)
        #expect(try client.post(lines(0..<10), headers: ["Idempotency-Key: a"]) == 200)
        #expect(try client.post(lines(10..<30), headers: ["Idempotency-Key: b"]) == 200)
        #expect(try client.post(lines(10..<30), headers: ["Idempotency-Key: b"]) == 200)
        #expect(try client.post(lines(30..<31)) == 200)
        #expect(sink.logsDelivered == 51)
        let record = sink.finish()
        #expect(record.session(session)?.unique == 31)
        #expect(record.duplicates == 20)
        #expect(record.repeatedKeys == 1)
        #expect(record.duplicatesOfOtherKeys == 0)
        #expect(record.resends.map(\.logs) == [20])
        #expect(record.resends.map(\.isSameContent) == [true])
        #expect(record.withoutKey == 1)
        #expect(record.damaged == 0)
        #expect(record.requests == 4)
    }

    @Test func remembersNothingOfWhatItRefused() throws {
        let sink = try HTTPSink(configuration { $0.bodyBytesMax = 3000 })
        let client = try RawHTTPClient(port: sink.port)
        #expect(try client.post(lines(0..<30), headers: ["Idempotency-Key: a"]) == 413)
        #expect(try client.post(Array("{\"no\":".utf8), headers: ["Idempotency-Key: b"]) == 400)
        sink.beginOutage(.seconds(3600))
        #expect(try client.post(lines(0..<3), headers: ["Idempotency-Key: c"]) == 503)
        sink.beginOutage(.zero)
        #expect(try client.post(lines(0..<3), headers: ["Idempotency-Key: c"]) == 200)
        let record = sink.finish()
        #expect(record.session(session)?.unique == 3)
        #expect(record.refused413 == 1)
        #expect(record.refused503 == 1)
        #expect(record.unreadable == 1)
        #expect(record.repeatedKeys == 0)
        #expect(record.duplicates == 0)
    }

    @Test func tellsAResendFromALogUnderAnotherKey() throws {
        let sink = try HTTPSink(configuration())
        let client = try RawHTTPClient(port: sink.port)
        #expect(try client.post(lines(0..<10), headers: ["Idempotency-Key: a"]) == 200)
        #expect(try client.post(lines(0..<12), headers: ["Idempotency-Key: a"]) == 200)
        #expect(try client.post(lines(10..<14), headers: ["Idempotency-Key: b"]) == 200)
        let record = sink.finish()
        #expect(record.resends.map(\.isSameContent) == [false])
        #expect(record.resends.map(\.logs) == [10])
        #expect(record.duplicatesOfOtherKeys == 2)
        let resend = try #require(record.resends.first)
        #expect(resend.formerReceivedAt <= resend.formerAnsweredAt)
        #expect(resend.formerAnsweredAt <= resend.receivedAt)
    }

    @Test func knowsWhatCameAfterAnOutage() throws {
        let sink = try HTTPSink(configuration())
        let client = try RawHTTPClient(port: sink.port)
        #expect(try client.post(lines(0..<1)) == 200)
        sink.beginOutage(.seconds(3600))
        #expect(try client.post(lines(1..<2)) == 503)
        sink.endOutage()
        #expect(try client.post(lines(1..<2)) == 200)
        let catchUp = try #require(sink.finish().catchUp)
        // The lines carry a time in the past, so that both came late: twice what was usual is not late.
        #expect(catchUp.usualLatencyMax != nil)
    }

    @Test func takesNoMoreThanItsRate() throws {
        let sink = try HTTPSink(configuration { $0.logsPerSecond = 1000 })
        let client = try RawHTTPClient(port: sink.port)
        let start = SystemClock.monotonic
        for request in Int32(0)..<6 { #expect(try client.post(lines(request * 10..<request * 10 + 10)) == 200) }
        // The first is taken at once, each further one when the one before is done with.
        #expect(SystemClock.monotonic - start >= 50_000_000)
        #expect(sink.finish().session(session)?.unique == 60)
    }

    @Test func undoesCompression() {
        let text = Array("the same words again and again, the same words again and again\n".utf8)
        #expect(Decompressor.decode(hex(Self.gzip), encoding: "gzip") == text)
        #expect(Decompressor.decode(hex(Self.zstd), encoding: "zstd") == text)
        #expect(Decompressor.decode(text, encoding: nil) == text)
        #expect(Decompressor.decode(Array(hex(Self.gzip).dropLast(9)), encoding: "gzip") == nil)
        #expect(Decompressor.decode(Array(hex(Self.zstd).dropLast(9)), encoding: "zstd") == nil)
        #expect(Decompressor.decode(text, encoding: "gzip") == nil)
        #expect(Decompressor.decode(text, encoding: "zstd") == nil)
        #expect(Decompressor.decode(text, encoding: "br") == nil)
    }

    private static let gzip = "1f8b08000000000000032bc94855284ecc4d5528cf2f4a2956484c4fcccc5348cc4b81b074144af0ca7301002391496b3f000000"
    private static let zstd = "28b52ffd243f250100d87468652073616d6520776f72647320616761696e20616e642c200a020043094cb132064c9d90de"

    private func hex(_ text: String) -> [UInt8] {
        let digits = Array(text)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...($0 + 1)]), radix: 16)! }
    }
}
