import Testing

@testable import Wire

struct URLPartsTests {
    /// User info, host, path, query.
    private func parts(_ text: String, behind rest: String = ">") -> [String] {
        let bytes = Array("<\(text)\(rest)".utf8)
        let span = bytes.span.bytes
        let parts = URLParts(span, 1..<1 + text.utf8.count)
        return [parts.userInfo, parts.host, parts.path, parts.query].map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    @Test(arguments: [
        ("https://a.io/x", ["", "a.io", "/x", ""]), ("https://a.io", ["", "a.io", "", ""]), ("https://a.io:8443?q#f", ["", "a.io", "", "q#f"]),
        ("http://u:p@a.io:80/p/q?a=1?b#c", ["u:p", "a.io", "/p/q", "a=1?b#c"]), ("https://[::1]:443/", ["", "[::1]", "/", ""]),
        ("https://u@[::1]/", ["u", "[::1]", "/", ""]), ("https://a@b@c:1/@", ["a@b", "c", "/@", ""]), ("https://[u@h/", ["[u", "h", "/", ""]),
        ("https://a#b?c", ["", "a", "", "c"]), ("https://", ["", "", "", ""]), ("https://@/", ["", "", "/", ""]), ("", ["", "", "", ""]),
        ("/path?q", ["", "", "/path", "q"]), ("a.io:443", ["", "", "", ""]), ("a.io:443?q", ["", "", "", "q"]), ("://x/y", ["", "", "", ""]),
        ("ht tp://x", ["", "", "", ""]), ("s://h:p:q/r", ["", "h", "/r", ""]), ("https:/x", ["", "", "", ""]), ("https:", ["", "", "", ""]),
    ])
    func whereTheyLie(text: String, want: [String]) {
        #expect(parts(text) == want)
        // What follows in the payload is read with it, and counts for nothing: near the end of the payload less and less of it.
        for count in 0...17 {
            for byte in "/?#@:[].x\u{80}" { #expect(parts(text, behind: String(repeating: byte, count: count)) == want) }
        }
    }

    @Test func marksAtEachPlaceOfALongText() {
        for length in 0...70 {
            let name = String(repeating: "n", count: length)
            #expect(parts("https://\(name)/p") == ["", name, "/p", ""])
            #expect(parts("http://\(name)?q", behind: "") == ["", name, "", "q"])
            #expect(parts("https://\(name)@h:1/p#f", behind: "") == [name, "h", "/p", ""])
            #expect(parts("https://h/\(name)?\(name)#", behind: name) == ["", "h", "/\(name)", name + "#"])
            #expect(parts("/\(name)#?q", behind: name) == ["", "", "/\(name)", "q"])
        }
    }

    private func redacted(_ text: String, _ redaction: URLRedaction) -> String {
        let bytes = Array(text.utf8)
        let span = bytes.span.bytes
        let url = RedactedURL(0..<bytes.count, URLParts(span, 0..<bytes.count), redaction)
        var output: [UInt8] = []
        output.append(byteCountMax: url.byteCount) { url.append(span, to: &$0) }
        #expect(output.count == url.byteCount)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func whatIsTakenOut() {
        let url = "https://u:p@a.io/x?q=1#f"
        #expect(redacted(url, []) == url)
        #expect(redacted(url, .query) == "https://u:p@a.io/x?REDACTED")
        #expect(redacted(url, .userInfo) == "https://REDACTED:REDACTED@a.io/x?q=1#f")
        #expect(redacted(url, [.query, .userInfo]) == "https://REDACTED:REDACTED@a.io/x?REDACTED")
        #expect(redacted("https://a.io/x?", [.query, .userInfo]) == "https://a.io/x?")
        #expect(redacted("https://a.io/u@x", .userInfo) == "https://a.io/u@x")
    }

    @Test func aRequestIsWrittenAnewWithAllElseAsItWas() throws {
        // An unknown field in each message, a URL that is there twice, and a second http_request, which a decoder merges.
        let http = stringField(1, "GET") + stringField(2, "https://u@a.io/?first") + stringField(2, "https://a.io/?secret") + [0x78, 0x05]
        let log = bytesField(1, [0x08, 0x01] + bytesField(3, http) + bytesField(3, stringField(3, "rule")) + [0x20, 0x2A, 0x7D, 1, 2, 3, 4])
        let request = stringField(2, "s") + log + bytesField(1, [0x20, 0x07]) + [0x3A, 0x01, 0x00]
        func rewritten(_ logs: Range<Int>?, _ redaction: URLRedaction) -> [UInt8] {
            var output: [UInt8] = []
            RequestRedaction.append(request.span.bytes, logs: logs, redaction, to: &output)
            return output
        }
        let all = rewritten(nil, .query)
        var reader = LogReader()
        let next = reader.next(in: all.span.bytes)
        let first = try #require(next)
        #expect(String(decoding: all[first.url], as: UTF8.self) == "https://a.io/?REDACTED")
        #expect(String(decoding: all[first.method], as: UTF8.self) == "GET" && first.sequenceNumber == 42 && first.allowed)
        #expect(String(decoding: all[first.matchedRule], as: UTF8.self) == "rule")
        let numbers = [reader.next(in: all.span.bytes)?.sequenceNumber, reader.next(in: all.span.bytes)?.sequenceNumber]
        #expect(numbers == [7, nil])
        // What is not needed any more is not there either.
        let text = String(decoding: all, as: UTF8.self)
        #expect(!text.contains("secret") && !text.contains("first") && text.contains("u@a.io"))
        // Unknown fields and what follows the logs are.
        #expect(all.suffix(3) == [0x3A, 0x01, 0x00] && all.windows(of: [0x78, 0x05]) == 1 && all.windows(of: [0x7D, 1, 2, 3, 4]) == 1)
        var only = LogReader()
        let second = rewritten(1..<2, .query)
        let rest = [only.next(in: second.span.bytes)?.sequenceNumber, only.next(in: second.span.bytes)?.sequenceNumber]
        #expect(rest == [7, nil])
    }
}

extension [UInt8] {
    fileprivate func windows(of pattern: [UInt8]) -> Int { indices.count { self[$0...].starts(with: pattern) } }
}
