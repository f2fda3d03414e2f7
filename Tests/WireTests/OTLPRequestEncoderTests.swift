import Testing
import Wire

@testable import wire_differential

/// What the records say is held against OpenTelemetry's definitions by scripts/test-otlp; here, that they stay whole whatever their sizes are.
struct OTLPRequestEncoderTests {
    private func encoder(_ format: OTLPRequestEncoder.Format, _ filter: OTLPRequestEncoder.Filter = .all, _ redaction: URLRedaction = []) -> OTLPRequestEncoder {
        OTLPRequestEncoder(format: format, filter: filter, redaction: redaction, resource: [], version: "1")
    }

    private func log(_ url: String, allowed: Bool = true, method: String = "GET", rule: String = "", number: UInt8 = 1) -> [UInt8] {
        let request = stringField(1, method) + stringField(2, url) + (rule.isEmpty ? [] : stringField(3, rule))
        return bytesField(1, (allowed ? [0x08, 0x01] : []) + bytesField(3, request) + [0x20, number])
    }

    private func records(_ encoder: OTLPRequestEncoder, _ request: [UInt8], logs: Range<Int>? = nil, isFirst: Bool = true) -> (count: Int, bytes: [UInt8]) {
        let scan = scanned(request)
        var output: [UInt8] = []
        let count = encoder.append(
            request.span.bytes, sessionID: scan.session, processName: scan.process, logs: logs, observed: 7, isFirst: isFirst, to: &output)
        return (count, output)
    }

    /// Where session and process lie in `request`, which has both at its end.
    private func scanned(_ request: [UInt8]) -> (session: Range<Int>, process: Range<Int>) {
        let end = request.count
        return (end - 7..<end - 5, end - 3..<end)
    }

    private var names: [UInt8] { stringField(2, "s1") + stringField(3, "bot") }

    /// The lengths of the records, one after the other: their tags must be where the one before ended.
    private func recordLengths(_ bytes: [UInt8]) -> [Int] {
        var lengths: [Int] = []
        var position = 0
        while position < bytes.count {
            #expect(bytes[position] == 0x12)
            position += 1
            var (length, shift) = (0, 0)
            repeat {
                length |= Int(bytes[position] & 0x7F) << shift
                shift += 7
                position += 1
            } while bytes[position - 1] >= 0x80
            lengths.append(length)
            position += length
        }
        #expect(position == bytes.count)
        return lengths
    }

    /// 16 KiB and 2 MiB: there the lengths of records, bodies and attributes become longer. A text of one byte more each time, so that each place is met.
    static let urlLengths = Array(0...300) + Array(5_200...5_500) + Array(16_000...16_500).filter { $0 % 3 == 0 } + [65_535, 2_100_000]

    @Test(arguments: OTLPRequestEncoder.Format.allCases)
    func aRecordIsTheSameAloneAndAmongOthers(_ format: OTLPRequestEncoder.Format) {
        for length in Self.urlLengths {
            let url = length < 12 ? String(repeating: "u", count: length) : "https://a.io" + String(repeating: "/", count: length - 12)
            // What is very short takes many times its bytes: more than the room that is made at first.
            let logs = (0..<40).flatMap { _ in bytesField(1, []) } + log(url) + log(url, allowed: false, method: "BREW", rule: url, number: 0x7F) + log("/")
            let request = logs + names
            let encoder = encoder(format)
            let all = records(encoder, request)
            #expect(all.count == 43)
            var joined: [UInt8] = []
            for number in 0..<43 { joined += records(encoder, request, logs: number..<number + 1, isFirst: number == 0).bytes }
            #expect(all.bytes == joined, "\(length) bytes of URL")
            if format == .protobuf { #expect(recordLengths(all.bytes).count == 43) }
        }
    }

    @Test func theMostThatARecordTakes() {
        // A method that nobody knows, no empty string, and a number below 0, which takes ten bytes.
        let number = Array(repeating: UInt8(0xFF), count: 9) + [1]
        let http = stringField(1, "m") + stringField(2, "https://u@a/?q") + stringField(3, "r")
        let log = bytesField(1, bytesField(3, http) + [0x20] + number)
        let request = (0..<200).flatMap { _ in log } + names
        #expect(recordLengths(records(encoder(.protobuf, .all, [.query, .userInfo]), request).bytes).count == 200)
    }

    @Test func aMethodIsKnownByAllItsBytes() {
        for (method, isKnown) in [("GET", true), ("PATCH", true), ("OPTIONS", true), ("\0GET", false), ("get", false), ("GETS", false), ("CONNECTS", false), ("", false)] {
            let bytes = records(encoder(.protobuf), log("/", method: method) + names).bytes
            #expect(bytes.count(of: "http.request.method_original") == (isKnown || method.isEmpty ? 0 : 1), "\(method)")
            #expect(bytes.count(of: "_OTHER") == (isKnown || method.isEmpty ? 0 : 1), "\(method)")
        }
    }

    @Test func whatEveryLogOfABatchSharesIsInEach() {
        let request = (0..<20).flatMap { log("https://a.io/x", number: $0) } + names
        let bytes = records(encoder(.protobuf), request).bytes
        for text in ["s1", "bot", "session.id", "process.executable.name", "boundary.request"] { #expect(bytes.count(of: text) == 20, "\(text)") }
        #expect(Set(recordLengths(bytes)).count == 1)
    }

    @Test(arguments: OTLPRequestEncoder.Format.allCases)
    func theFilterAndTheRedactionHoldForEach(_ format: OTLPRequestEncoder.Format) {
        let request = (0..<50).flatMap { log("https://me:pass@a.io/x?secret", allowed: $0 % 5 > 0, number: $0) } + names
        let (count, bytes) = records(encoder(format, .denied, [.query, .userInfo]), request)
        #expect(count == 10)
        #expect(bytes.count(of: "DENY GET https://REDACTED:REDACTED@a.io/x?REDACTED") == 10)
        #expect(bytes.count(of: "secret") == 0 && bytes.count(of: "pass") == 0 && bytes.count(of: "ALLOW") == 0)
    }
}

extension [UInt8] {
    fileprivate func count(of text: String) -> Int { String(decoding: self, as: UTF8.self).split(separator: text, omittingEmptySubsequences: false).count - 1 }
}
