import EventLoop
import Glibc
import TestSupport
import Testing

@testable import HTTPServer

@Suite(.timeLimit(.minutes(2))) struct HTTPServerTests {
    private func withServer(
        bodyBytesMax: Int = 1 << 20, connectionsMax: Int = 64, handler: @escaping HTTPServer.Handler,
        _ body: (EventLoop, HTTPServer, _ url: String) throws -> Void
    ) throws {
        let loop = try EventLoop()
        let server = try HTTPServer(
            loop, host: "127.0.0.1", port: 0, bodyBytesMax: bodyBytesMax, connectionsMax: connectionsMax, handler: handler)
        defer {
            server.close()
            loop.close()
        }
        try body(loop, server, "http://127.0.0.1:\(server.port)")
    }

    @Test func getTellsMethodPathQueryAndHeaders() throws {
        var seen: HTTPServerRequest?
        try withServer(handler: { request, respond in
            seen = request
            respond(HTTPServerResponse(status: 200, headers: [("X-Answer", "42")], body: Array("hello\n".utf8)))
        }) { loop, _, url in
            let result = try Curl.run(
                loop, "-i", "-H", "X-Custom: One", "-H", "X-Custom: Two", "\(url)/a%20path?name=a%26b+c&flag&empty=")
            #expect(result.exitCode == 0)
            #expect(result.lines.first == "HTTP/1.1 200 OK")
            #expect(result.lines.contains("X-Answer: 42"))
            #expect(result.lines.contains("Content-Type: text/plain; charset=utf-8"))
            #expect(result.output.hasSuffix("\r\n\r\nhello\n"))
        }
        let request = try #require(seen)
        #expect(request.method == "GET")
        #expect(request.path == "/a path")
        #expect(request.query == ["name": "a&b c", "flag": "", "empty": ""])
        #expect(request.headers["x-custom"] == "One, Two")
        #expect(request.headers["host"]?.hasPrefix("127.0.0.1:") == true)
        #expect(request.body.isEmpty)
    }

    @Test func headHasTheHeaderOfGetAndNoBody() throws {
        try withServer(handler: { _, respond in respond(HTTPServerResponse(status: 200, body: Array("12345".utf8))) }) { loop, _, url in
            let result = try Curl.run(loop, "-I", url)
            #expect(result.exitCode == 0)
            #expect(result.lines.contains("Content-Length: 5"))
            #expect(result.output.hasSuffix("\r\n\r\n"))
        }
    }

    /// With Content-Length and chunked, empty, small, at the limit; each byte is checked.
    @Test(arguments: [0, 1, 1000, 100_000, 1 << 20], [false, true]) func bodiesArriveWhole(byteCount: Int, chunked: Bool) throws {
        let directory = TemporaryDirectory()
        let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 8) }
        try writeFile(directory.path("body"), bytes)
        var bodies: [[UInt8]] = []
        try withServer(handler: { request, respond in
            bodies.append(request.body)
            respond(HTTPServerResponse(status: 204))
        }) { loop, _, url in
            let framing = chunked ? "Transfer-Encoding: chunked" : "X-Framing: length"
            let result = try Curl.run(
                loop, "-w", "%{http_code}", "-H", framing, "--data-binary", "@\(directory.path("body"))", url)
            #expect(result.output == "204")
        }
        #expect(bodies == [bytes])
    }

    /// Too large with Content-Length, by chunks, and with and without asking first (Expect); the handler is not called.
    @Test(arguments: ["Content-Type: a/b", "Transfer-Encoding: chunked", "Expect: 100-continue"], ["Expect:", "Expect: 100-continue"])
    func tooLargeIsAnswered413(header: String, expect: String) throws {
        let directory = TemporaryDirectory()
        try writeFile(directory.path("body"), [UInt8](repeating: 7, count: 3_000_000))
        var calls = 0
        try withServer(bodyBytesMax: 1 << 20, handler: { _, respond in
            calls += 1
            respond(HTTPServerResponse(status: 200, body: Array("fine".utf8)))
        }) { loop, _, url in
            let result = try Curl.run(
                loop, "-w", "%{http_code}", "-H", header, "-H", expect, "--data-binary", "@\(directory.path("body"))", url)
            #expect(result.exitCode == 0)
            #expect(result.output == "a request's body may have 1048576 bytes\n413")
            #expect(calls == 0)
            #expect(try Curl.run(loop, url).output == "fine")
        }
    }

    @Test func lateAnswersReachTheirRequests() throws {
        let loop = try EventLoop()
        var waiting: [(HTTPServerRequest, (HTTPServerResponse) -> Void)] = []
        let server = try HTTPServer(loop, host: "localhost", port: 0, bodyBytesMax: 100, connectionsMax: 10) { request, respond in
            waiting.append((request, respond))
            guard waiting.count == 5 else { return }
            // The last first, and in the midst of the fifth request's handler.
            for (request, respond) in waiting.reversed() {
                respond(HTTPServerResponse(status: 200, body: Array("\(request.path) \(String(decoding: request.body, as: UTF8.self))".utf8)))
            }
        }
        var outputs: [String] = []
        for number in 0..<5 {
            try Curl.start(loop, ["-d", "body \(number)", "http://127.0.0.1:\(server.port)/\(number)"]) {
                outputs.append($0.output)
                if outputs.count == 5 { loop.stop() }
            }
        }
        loop.run()
        #expect(outputs.sorted() == (0..<5).map { "/\($0) body \($0)" })
        server.close()
        loop.close()
    }

    @Test func answersFromATimerAreSentAtOnce() throws {
        let loop = try EventLoop()
        var pending: ((HTTPServerResponse) -> Void)?
        let timer = Timer(loop) { pending?(HTTPServerResponse(status: 200, body: Array("late".utf8))) }
        let server = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 100, connectionsMax: 10) { _, respond in
            pending = respond
            timer.start(after: .milliseconds(5))
        }
        #expect(try Curl.run(loop, "http://127.0.0.1:\(server.port)/").output == "late")
        timer.close()
        server.close()
        loop.close()
    }

    @Test func oneConnectionIsKeptForManyRequests() throws {
        var count = 0
        try withServer(handler: { request, respond in
            count += 1
            respond(HTTPServerResponse(status: 200, body: request.body))
        }) { loop, _, url in
            let result = try Curl.run(loop, "-o", "/dev/null", "-w", "%{num_connects} %{http_code}\n", "-d", "x", "\(url)/[1-300]")
            #expect(result.exitCode == 0)
            let lines = result.lines.dropLast()
            #expect(lines.count == 300)
            #expect(lines.first == "1 200")
            #expect(lines.dropFirst().allSatisfy { $0 == "0 200" })
        }
        #expect(count == 300)
    }

    /// More clients than connections: the others wait, nobody is turned away.
    @Test func connectionsOverTheLimitWait() throws {
        let loop = try EventLoop()
        let server = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 100, connectionsMax: 2) { _, respond in
            respond(HTTPServerResponse(status: 200, body: Array("ok".utf8)))
        }
        var outputs: [String] = []
        for _ in 0..<8 {
            try Curl.start(loop, ["-H", "Connection: close", "http://127.0.0.1:\(server.port)/"]) {
                outputs.append($0.output)
                if outputs.count == 8 { loop.stop() }
            }
        }
        loop.run()
        #expect(outputs == [String](repeating: "ok", count: 8))
        server.close()
        loop.close()
    }

    @Test func aLargeAnswerIsSentWhole() throws {
        let body = (0..<8_000_000).map { UInt8(truncatingIfNeeded: 65 + $0 % 26) }
        try withServer(handler: { _, respond in respond(HTTPServerResponse(status: 200, body: body)) }) { loop, _, url in
            let result = try Curl.run(loop, url)
            #expect(result.output.utf8.elementsEqual(body))
        }
    }

    @Test func closeAnswersWhatTheHandlerDidNot() throws {
        let loop = try EventLoop()
        var server: HTTPServer?
        var respondLater: ((HTTPServerResponse) -> Void)?
        server = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 100, connectionsMax: 10) { _, respond in
            respondLater = respond
            loop.stop()
        }
        var result: Curl?
        try Curl.start(loop, ["-w", "%{http_code}", "http://127.0.0.1:\(server!.port)/"]) { result = $0 }
        loop.run()
        #expect(result == nil)
        server?.close()
        server?.close()
        server = nil
        loop.run()
        #expect(result?.output == "shutting down\n503")
        respondLater?(HTTPServerResponse(status: 200))
        loop.close()
    }

    @Test func closeInsideTheHandler() throws {
        let loop = try EventLoop()
        var server: HTTPServer?
        server = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 100, connectionsMax: 10) { _, respond in
            server?.close()
            respond(HTTPServerResponse(status: 200, body: Array("last".utf8)))
        }
        #expect(try Curl.run(loop, "http://127.0.0.1:\(server!.port)/").output == "last")
        loop.close()
    }

    @Test func aPortInUseIsNamed() throws {
        let loop = try EventLoop()
        let first = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 1, connectionsMax: 1) { _, _ in }
        let failure = #expect(throws: HTTPServer.Failure.self) {
            try HTTPServer(loop, host: "127.0.0.1", port: first.port, bodyBytesMax: 1, connectionsMax: 1) { _, _ in }
        }
        #expect(failure?.description == "cannot listen on 127.0.0.1:\(first.port): address already in use (EADDRINUSE)")
        first.close()
        // And free again at once.
        let second = try HTTPServer(loop, host: "127.0.0.1", port: first.port, bodyBytesMax: 1, connectionsMax: 1) { _, _ in }
        second.close()
        loop.close()
    }

    @Test func hostsThatAreNotAddressesAreRefused() throws {
        let loop = try EventLoop()
        let failure = #expect(throws: HTTPServer.Failure.self) {
            try HTTPServer(loop, host: "example.com", port: 80, bodyBytesMax: 1, connectionsMax: 1) { _, _ in }
        }
        #expect(failure?.description == "cannot listen on example.com:80: the host is neither an IP address nor localhost")
        loop.close()
    }

    @Test(.enabled(if: hasIPv6, "this machine has no IPv6"), arguments: ["[::1]", "::1"]) func listensOnIPv6(host: String) throws {
        let loop = try EventLoop()
        let server = try HTTPServer(loop, host: host, port: 0, bodyBytesMax: 100, connectionsMax: 1) { _, respond in
            respond(HTTPServerResponse(status: 200, body: Array("six".utf8)))
        }
        #expect(try Curl.run(loop, "-g", "http://[::1]:\(server.port)/").output == "six")
        server.close()
        loop.close()
    }

    /// Nothing to do: the loop waits until our own timer fires, and takes no other turn.
    @Test func idleMeansNoWakeUps() throws {
        let loop = try EventLoop()
        let server = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 100, connectionsMax: 1) { _, respond in
            respond(HTTPServerResponse(status: 200))
        }
        #expect(try Curl.run(loop, "http://127.0.0.1:\(server.port)/").exitCode == 0)
        // The client has gone; what that brought is worked off.
        for _ in 0..<100 { loop.runOnce(waiting: false) }
        var turns = 0
        let timer = Timer(loop) { loop.stop() }
        loop.onTurn = { turns += 1 }
        timer.start(after: .milliseconds(300))
        loop.run()
        #expect(turns <= 2)
        timer.close()
        server.close()
        loop.close()
    }

    /// Many bodies of 1 MiB on one connection: shows that the server is no bottleneck for a load generator. The bound is far below what it does.
    @Test func throughputOfLargeBodies() throws {
        let directory = TemporaryDirectory()
        try writeFile(directory.path("body"), [UInt8](repeating: 7, count: 1 << 20))
        var byteCount = 0
        try withServer(handler: { request, respond in
            byteCount += request.body.count
            respond(HTTPServerResponse(status: 200))
        }) { loop, _, url in
            let start = loop.now
            let result = try Curl.run(loop, "-H", "Expect:", "--data-binary", "@\(directory.path("body"))", "\(url)/[1-200]")
            #expect(result.exitCode == 0)
            #expect(byteCount == 200 << 20)
            let seconds = Double(loop.now - start) / 1e9
            print("HTTPServer: \(Int(Double(byteCount) / seconds / 1e6)) MB/s of 1 MiB bodies with curl")
            #expect(seconds < 60)
        }
    }

    private static let hasIPv6 = access("/proc/net/if_inet6", F_OK) == 0

    private func writeFile(_ path: String, _ bytes: [UInt8]) throws {
        let file = try #require(fopen(path, "w"))
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
        fclose(file)
    }
}
