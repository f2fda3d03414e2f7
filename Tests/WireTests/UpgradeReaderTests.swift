import TestSupport
import Testing
import Wire

@Suite struct UpgradeReaderTests {
    /// RFC 6455, section 1.3.
    static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    static let good =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n\r\n"

    /// The last step and how many bytes were taken; `end`: and then nothing more.
    private func read(_ bytes: [UInt8], pieces: [Int] = [], end: Bool = false) -> (step: UpgradeReader.Step, taken: Int) {
        var reader = UpgradeReader(expectedAccept: Array(Self.accept.utf8))
        var start = 0
        var step = UpgradeReader.Step.needMoreBytes
        for stop in pieces + [bytes.count] {
            let piece = Array(bytes[start..<stop])
            var offset = 0
            step = reader.receive(piece.span.bytes, offset: &offset)
            start += offset
            guard step == .needMoreBytes else { break }
            #expect(offset == piece.count, "bytes were left without an answer")
        }
        if end, step == .needMoreBytes { step = reader.endOfInput() }
        if step != .needMoreBytes {
            var offset = 0
            #expect(reader.receive([0x0D].span.bytes, offset: &offset) == step, "a final step did not stay")
            #expect(offset == 0)
        }
        return (step, start)
    }

    private func read(_ text: String, end: Bool = false) -> UpgradeReader.Step { read(Array(text.utf8), end: end).step }

    private func refusal(of status: Int, retryAfter: String? = nil, location: String? = nil, body: String, isCut: Bool) -> UpgradeRefusal {
        UpgradeRefusal(status: status, retryAfter: retryAfter, location: location, body: Array(body.utf8), isCut: isCut)
    }

    private func refusal(_ text: String, end: Bool = false) -> UpgradeRefusal? {
        if case .refused(let refusal) = read(text, end: end) { refusal } else { nil }
    }

    @Test func whatFollowsTheHeadIsLeft() {
        let (step, taken) = read(Array(Self.good.utf8) + [0x82, 0x01, 0x41])
        #expect(step == .accepted)
        #expect(taken == Self.good.utf8.count)
    }

    @Test func formsThatAreAllowed() {
        for text in [
            Self.good.replacing("Upgrade: websocket", with: "UPGRADE:\tWebSocket  "),
            Self.good.replacing("Connection: Upgrade", with: "Connection: keep-alive , upgrade"),
            Self.good.replacing("Connection: Upgrade", with: "Connection: close\r\nconnection: Upgrade"),
            Self.good.replacing(" Switching Protocols", with: ""),
            Self.good.replacing("Upgrade: w", with: "X-Latin: caf\u{E9}\r\nSec-WebSocket-Extensions:\r\nUpgrade: w"),
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + Self.good,
        ] {
            #expect(read(text) == .accepted, "\(text)")
        }
    }

    @Test func whatRFC6455Forbids() {
        for (from, to, error): (String, String, UpgradeError) in [
            ("Upgrade: websocket\r\n", "", .upgrade), ("Upgrade: websocket", "Upgrade: h2c", .upgrade),
            ("Upgrade: websocket", "Upgrade: websocket, h2c", .upgrade),
            ("Connection: Upgrade\r\n", "", .connection), ("Connection: Upgrade", "Connection: upgraded", .connection),
            ("\(Self.accept)", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=", .accept), ("Sec-WebSocket-Accept: \(Self.accept)\r\n", "", .accept),
            ("\r\n\r\n", "\r\nSec-WebSocket-Accept: \(Self.accept)\r\n\r\n", .accept),
            ("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n", .unasked),
            ("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n", .unasked),
        ] {
            let text = Self.good.replacing(from, with: to, maxReplacements: 1)
            #expect(read(text) == .failed(error), "\(text)")
        }
    }

    @Test func whatHTTPForbids() {
        for (text, error): (String, UpgradeError) in [
            ("SSH-2.0-OpenSSH_9.2\r\n", .notHTTP), ("HTTP/2 101\r\n\r\n", .notHTTP), ("HTTP/1.2 101 x\r\n\r\n", .notHTTP),
            ("HTTP/1.1 1o1 x\r\n\r\n", .notHTTP),
            ("HTTP/1.1  101\r\n\r\n", .notHTTP), ("HTTP/1.1 1010\r\n\r\n", .notHTTP), ("HTTP/1.1 099 x\r\n\r\n", .notHTTP),
            ("HTTP/1.1 10\r\n\r\n", .notHTTP),
            (Self.good.replacing("1.1 101", with: "1.0 101"), .notHTTP), ("\r\n" + Self.good, .notHTTP),
            (Self.good.replacing("Upgrade: w", with: "Upgrade : w"), .malformedField),
            (Self.good.replacing("Upgrade: w", with: ": x\r\nUpgrade: w"), .malformedField),
            (Self.good.replacing("Upgrade: w", with: "no colon\r\nUpgrade: w"), .malformedField),
            (Self.good.replacing("Upgrade: w", with: "A: b\r\n folded\r\nUpgrade: w"), .malformedField),
            (Self.good.replacing("Upgrade: w", with: "A: b\nUpgrade: w"), .malformedField),
            (Self.good.replacing("Upgrade: w", with: "A: b\rc\r\nUpgrade: w"), .malformedField),
            (Self.good.replacing("Upgrade: w", with: "A: \0\r\nUpgrade: w"), .malformedField),
        ] {
            #expect(read(text) == .failed(error), "\(text)")
        }
        #expect(read("", end: true) == .failed(.noAnswer))
        #expect(read("HTTP/1.1 101 S", end: true) == .failed(.cutShort))
    }

    @Test func theHeadIsBounded() {
        let head = "HTTP/1.1 400 x\r\n"
        let room = UpgradeReader.headBytesMax - head.utf8.count - "A: \r\n\r\n".utf8.count
        #expect(refusal(head + "A: \(String(repeating: "a", count: room))\r\n\r\n", end: true)?.status == 400)
        #expect(read(head + "A: \(String(repeating: "a", count: room + 1))\r\n\r\n") == .failed(.headTooLong))
        #expect(read(String(repeating: "HTTP/1.1 100 x\r\n\r\n", count: 10_000)) == .failed(.headTooLong))
        #expect(read("HTTP/1.1 101 " + String(repeating: "x", count: 1 << 20)) == .failed(.headTooLong))
    }

    @Test func refusalsEndWhereTheySay() throws {
        let json = #"{"message":"no"}"#
        let length = refusal("HTTP/1.1 401 Unauthorized\r\nContent-Length: 16\r\nRetry-After: 7\r\nLocation: /login\r\n\r\n\(json)more")
        #expect(length == refusal(of: 401, retryAfter: "7", location: "/login", body: json, isCut: false))
        let chunks =
            "HTTP/1.1 400 x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5;ext=1\r\n{\"mes\r\nB\r\nsage\":\"no\"}\r\n0\r\nTrailer: x\r\n\r\n"
        #expect(refusal(chunks) == refusal(of: 400, body: json, isCut: false))
        #expect(refusal("HTTP/1.0 502 x\r\n\r\n\(json)") == nil)
        #expect(refusal("HTTP/1.0 502 x\r\n\r\n\(json)", end: true) == refusal(of: 502, body: json, isCut: false))
        #expect(refusal("HTTP/1.1 502 x\r\nContent-Length: 17\r\n\r\n\(json)", end: true) == refusal(of: 502, body: json, isCut: true))
        for bodiless in [
            "HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 304 x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ] {
            #expect(refusal(bodiless)?.body == [], "\(bodiless)")
        }
        // What is no length is none.
        for odd in ["Content-Length: 3, 3", "Content-Length: -1", "Content-Length: 99999999999999999999", "Content-Length:"] {
            #expect(refusal("HTTP/1.1 500 x\r\n\(odd)\r\n\r\nabc", end: true)?.body == Array("abc".utf8), "\(odd)")
        }
        for odd in ["zz\r\nabc", "\r\nabc", "-1\r\nabc", "FFFFFFFFFFFFFFFFF\r\nabc", String(repeating: "1", count: 300)] {
            #expect(refusal("HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n\(odd)")?.body == [], "\(odd)")
        }
    }

    @Test func aLongBodyIsCut() {
        for (head, count, isCut) in [
            ("Content-Length: 4096", 4096, false), ("Content-Length: 4097", 4097, true), ("X: y", 5000, true),
            ("Transfer-Encoding: chunked", 5000, true), ("Content-Length: 999999999999999999", 1 << 20, true),
        ] {
            let size = head.hasPrefix("Transfer") ? "\(String(count, radix: 16))\r\n" : ""
            let refusal = refusal("HTTP/1.1 500 x\r\n\(head)\r\n\r\n\(size)\(String(repeating: "b", count: count))")
            #expect(refusal?.body.count == UpgradeReader.bodyBytesMax, "\(head)")
            #expect(refusal?.isCut == isCut, "\(head)")
        }
    }

    @Test func splitAnywhereItIsTheSame() {
        for text in [
            Self.good + "tail", "HTTP/1.1 100 x\r\n\r\n" + Self.good, Self.good.replacing("websocket", with: "x"),
            "HTTP/1.1 400 x\r\nTransfer-Encoding: chunked\r\nRetry-After: 5\r\n\r\n5;e\r\n{\"mes\r\nB\r\nsage\":\"no\"}\r\n0\r\n\r\n",
            "HTTP/1.1 403 x\r\nContent-Length: 10\r\n\r\n0123456789abc", "HTTP/1.1 403 x\r\n\r\nto the end",
        ] {
            let bytes = Array(text.utf8)
            let whole = read(bytes, end: true)
            for split in 0...bytes.count { #expect(read(bytes, pieces: [split], end: true) == whole) }
            #expect(read(bytes, pieces: Array(0..<bytes.count), end: true) == whole)
        }
    }
}
