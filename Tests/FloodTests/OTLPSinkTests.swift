import TestSupport
import Testing
import Wire

@testable import Flood

/// The sink with the real decoder, and with programs that only pretend to be one. Bodies are the daemon's own, by `OTLPRequestEncoder`.
struct OTLPSinkTests {
    private let directory = TestSupport.TemporaryDirectory()
    private let session = SessionID(high: 0x0123_4567_89ab_4def, low: 0x8123_4567_89ab_cdef)

    private func configuration(_ decoder: String = OTLPDecoderProgram.path) -> FloodConfiguration {
        var configuration = FloodConfiguration()
        configuration.sink.reporters = [.otlp]
        configuration.sink.otlpDecoder = decoder
        return configuration
    }

    private func body(
        _ sequences: Range<Int32>, _ format: OTLPRequestEncoder.Format = .protobuf, urlBytes: Int = FloodConfiguration.urlBytesDefault
    ) throws -> [UInt8] {
        let encoder = MessageEncoder(urlBytes: urlBytes, seed: 1)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: MessageEncoder.bufferBytes, alignment: 8)
        defer { buffer.deallocate() }
        let frame = encoder.encode(
            tag: 1, trailer: MessageEncoder.trailer(session), firstSequence: sequences.lowerBound, logs: sequences.count, time: SystemClock.wall, into: buffer)
        let request = UnsafeRawBufferPointer(rebasing: buffer[(frame.lowerBound + MessageEncoder.headerBytes)..<frame.upperBound])
        guard case .logs(let scanned) = BoundaryScan.scan(.logs, request.bytes) else { throw FloodError("a request that is none") }
        let otlp = OTLPRequestEncoder(format: format, resource: [("service.name", "boundary-log-proxy")], version: "1")
        var body: [UInt8] = []
        otlp.begin(&body)
        _ = otlp.append(
            request.bytes, sessionID: scanned.sessionID, processName: scanned.processName, logs: nil, observed: 5, isFirst: true, to: &body)
        otlp.end(&body, start: 0)
        return body
    }

    @Test func hasTheBooksOfWhatItRead() throws {
        let sink = try HTTPSink(configuration(), for: .otlp, directory: directory.path)
        let client = try RawHTTPClient(port: sink.port)
        #expect(sink.daemonArguments == ["--otlp-endpoint", "http://127.0.0.1:\(sink.port)", "--otlp-protocol", "http/protobuf", "--otlp-compression", "none"])
        #expect(try client.post(body(0..<10), headers: ["Idempotency-Key: a"]) == 200)
        #expect(try client.post(body(20..<40, .json), headers: ["Idempotency-Key: b", "Content-Type: application/json"]) == 200)
        #expect(try client.post(body(10..<12), headers: ["Idempotency-Key: c"]) == 200)
        #expect(sink.logsDelivered == 32)
        // Other URLs than the flood's: damaged.
        #expect(try client.post(body(40..<43, urlBytes: 40), headers: ["Idempotency-Key: d"]) == 200)
        #expect(try client.post(Array("no request".utf8), headers: ["Idempotency-Key: e"]) == 400)
        #expect(try client.post(Array("{\"no\":".utf8), headers: ["Idempotency-Key: f", "Content-Type: application/json"]) == 400)
        let record = sink.finish()
        let books = try #require(record.session(session))
        #expect(books.unique == 32)
        #expect(books.missing(below: 40, runsMax: 9) == [12..<20])
        #expect(record.outOfOrder == 2)
        #expect(record.duplicates == 0)
        #expect(record.damaged == 3)
        #expect(record.unreadable == 2)
        #expect(record.failure == nil)
        #expect(record.latency.totalCount == 32)
    }

    @Test func knowsWhetherWhatComesAgainIsTheSame() throws {
        let sink = try HTTPSink(configuration(), for: .otlp, directory: directory.path)
        let client = try RawHTTPClient(port: sink.port)
        let first = try body(0..<10)
        #expect(try client.post(first, headers: ["Idempotency-Key: a"]) == 200)
        #expect(try client.post(first, headers: ["Idempotency-Key: a"]) == 200)
        #expect(try client.post(body(0..<11), headers: ["Idempotency-Key: a"]) == 200)
        let record = sink.finish()
        #expect(record.duplicates == 20)
        #expect(record.resends.map(\.isSameContent) == [true, false])
    }

    @Test func oneThatDoesNotStartIsAnErrorThatSaysWhy() throws {
        #expect(throws: FloodError("cannot run the decoder of OTLP /nonexistent/decoder: No such file or directory")) {
            try HTTPSink(configuration("/nonexistent/decoder"), for: .otlp, directory: directory.path)
        }
        #expect(throws: FloodError("the decoder of OTLP did not start: ")) {
            try HTTPSink(configuration("/bin/true"), for: .otlp, directory: directory.path)
        }
    }
}
