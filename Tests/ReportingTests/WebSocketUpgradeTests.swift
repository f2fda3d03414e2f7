import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Reporting

@Suite(.timeLimit(.minutes(2))) struct WebSocketUpgradeTests {
    static let token = HTTPReporterConfiguration.Header(name: "Coder-Session-Token", value: "s3ssion-t0ken")

    /// RFC 6455, section 1.3.
    @Test func theAcceptIsThatOfTheRFC() {
        #expect(WebSocketKey(text: "dGhlIHNhbXBsZSBub25jZQ==").accept == Array("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".utf8))
    }

    @Test func theRequestIsWhatRFC6455AsksFor() throws {
        let requests = Mutex<[String]>([])
        for _ in 0..<2 {
            try withWebSocketPeer {
                $0.headers = [Self.token, .init(name: "X-Empty", value: "")]
                $0.userAgent = "tester/1"
            } serving: { peer in
                let request = peer.accept()
                requests.withLock { $0.append(request) }
                peer.waitForEnd()
            } _: { harness in
                harness.open()
                harness.runUntilOpen()
                #expect(harness.opens == 1)
            }
        }
        let keys = requests.withLock { requests in
            requests.map { request in
                var lines = request.split(separator: "\r\n").map(String.init)
                #expect(lines.removeFirst() == "GET /api/v2/rpc?version=2.7&role=boundary-log-proxy HTTP/1.1")
                let host = lines.firstIndex { $0.hasPrefix("Host: 127.0.0.1:") }.map { lines.remove(at: $0) }
                #expect(host != nil)
                let key = lines.firstIndex { $0.hasPrefix("Sec-WebSocket-Key: ") }.map { lines.remove(at: $0) } ?? ""
                #expect(key.utf8.count == "Sec-WebSocket-Key: ".utf8.count + 24)
                #expect(
                    Set(lines) == [
                        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "User-Agent: tester/1",
                        "Coder-Session-Token: s3ssion-t0ken", "X-Empty: ",
                    ])
                return key
            }
        }
        #expect(Set(keys).count == 2, "a key was used twice")
    }

    @Test func whatCannotBeARequestIsRefusedBefore() {
        func fault(_ url: String = "http://localhost/", _ adjust: (inout WebSocketConfiguration) -> Void = { _ in }) -> String? {
            var configuration = WebSocketConfiguration(url: url)
            adjust(&configuration)
            do throws(ReportingError) {
                try configuration.validate()
                return nil
            } catch {
                return error.description
            }
        }
        #expect(fault() == nil)
        #expect(fault("ws://localhost/")?.contains("http") == true)
        #expect(fault("http://localhost/caf\u{E9}")?.contains("ASCII") == true)
        #expect(fault { $0.headers = [.init(name: "A", value: "b\r\nC: d")] }?.contains("control characters") == true)
        #expect(fault { $0.headers = [.init(name: "Sec-WebSocket-Key", value: "b")] }?.contains("sets it itself") == true)
        #expect(fault { $0.headers = [.init(name: "A:", value: "b")] }?.contains("not shown") == true)
        #expect(fault { $0.userAgent = "a\nb" }?.contains("control characters") == true)
        #expect(fault { $0.headers = [.init(name: "A", value: String(repeating: "b", count: 32 << 10))] }?.contains("longer") == true)
        #expect(fault { $0.headers = [.init(name: "A", value: String(repeating: "b", count: 31 << 10))] } == nil)
        #expect(fault { $0.upgradeTimeout = .zero }?.contains("timeout") == true)
        #expect(fault { $0.tls.caFile = "/etc/hosts" }?.contains("https") == true)
    }

    @Test func userInfoIsBasicAuthentication() throws {
        let url = try ReportURL("http://me:p%40ss@example.org:8080/x?y=z#f")
        let request = String(decoding: WebSocketConfiguration(url: "").request(url, key: "k"), as: UTF8.self)
        #expect(request.hasPrefix("GET /x?y=z HTTP/1.1\r\nHost: example.org:8080\r\n"))
        #expect(request.contains("\r\nAuthorization: Basic bWU6cEBzcw==\r\n"))
        #expect(try ReportURL("http://[::1]/").authority == "[::1]")
    }

    @Test(arguments: [
        (
            RawPeer.response(
                400,
                body: #"{"message":"Unknown or unsupported API version","validations":[{"field":"version","detail":"server is at 2.5"}]}"#),
            WebSocketRefusal(status: 400, text: "Unknown or unsupported API version (version: server is at 2.5)", fields: ["version"])
        ),
        (
            RawPeer.response(401, body: #"{"message":"Workspace agent not authorized.","detail":"token s3ssion-t0ken is unknown"}"#),
            WebSocketRefusal(status: 401, text: "Workspace agent not authorized. (token *** is unknown)", fields: [])
        ),
        (
            RawPeer.response(403, headers: ["Retry-After: 17"], body: #"{"message":"Agent trying to connect from non-latest build."}"#),
            WebSocketRefusal(status: 403, text: "Agent trying to connect from non-latest build.", fields: [], retryAfter: .seconds(17))
        ),
        (
            RawPeer.response(502, body: "<html>\r\n<h1>502 Bad\u{1B}[31m Gateway</h1> s3ssion-t0ken"),
            WebSocketRefusal(status: 502, text: "<html> <h1>502 Bad [31m Gateway</h1> ***", fields: [])
        ),
        (
            RawPeer.response(503, headers: ["Retry-After: Thu, 01 Jan 1970 00:16:40 GMT"]),
            WebSocketRefusal(status: 503, text: "", fields: [], retryAfter: .seconds(400))
        ),
        (RawPeer.response(200, body: #"{"message":7}"#), WebSocketRefusal(status: 200, text: #"{"message":7}"#, fields: [])),
        (
            RawPeer.response(307, headers: ["Location: https://me:pw@login.example/?t=s"]),
            WebSocketRefusal(status: 307, text: "redirects are not followed (to https://***@login.example/?***)", fields: [])
        ),
        ("HTTP/1.1 500 x\r\n\r\nto the end", WebSocketRefusal(status: 500, text: "to the end", fields: [])),
        ("HTTP/1.1 500 x\r\nContent-Length: 99\r\n\r\ncut s3ssion", WebSocketRefusal(status: 500, text: "cut ***", fields: [])),
    ])
    func aRefusalIsShownWithoutTheToken(answer: String, refusal: WebSocketRefusal) throws {
        let peer = RawPeer { connection in
            _ = WebSocketPeer(connection).readRequest()
            connection.send(answer)
        }
        var configuration = WebSocketConfiguration(url: peer.url)
        configuration.headers = [Self.token]
        try withWebSocket(configuration, wallClock: { 600 }) { harness in
            harness.open()
            #expect(harness.runUntilEnd() == .refused(refusal))
            #expect(harness.opens == 0)
        }
    }

    @Test(arguments: [
        (
            "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            "wrong Sec-WebSocket-Accept"
        ),
        ("SSH-2.0-OpenSSH_9.2p1\r\n", "not HTTP/1.1"),
        ("HTTP/1.1 101 x\r\nbroken\r\n\r\n", "malformed"),
        ("HTTP/1.1 101 " + String(repeating: "x", count: 70_000), "longer than 65536 bytes"),
    ])
    func anAnswerThatIsNoneIsAProtocolError(answer: String, text: String) throws {
        try withWebSocketPeer { peer in
            _ = peer.readRequest()
            peer.connection.send(answer)
            peer.waitForEnd()
        } _: { harness in
            harness.open()
            guard case .protocolError(let error) = harness.runUntilEnd() else {
                Issue.record("\(String(describing: harness.end))")
                return
            }
            #expect(error.contains(text))
        }
    }

    @Test func noAnswerIsAFailureToConnect() throws {
        func text(_ serve: @escaping @Sendable (WebSocketPeer) -> Void) throws -> String {
            var text = ""
            try withWebSocketPeer({ $0.upgradeTimeout = .milliseconds(50) }, serving: serve) { harness in
                harness.open()
                if case .connectFailed(let reason) = harness.runUntilEnd() { text = reason }
            }
            return text
        }
        #expect(try text { _ = $0.readRequest() } == "the server hung up without answering the WebSocket upgrade")
        #expect(
            try text {
                _ = $0.readRequest()
                $0.connection.send("HTTP/1.1 101")
            } == "the server hung up in the middle of its answer to the WebSocket upgrade")
        #expect(try text { $0.waitForEnd() } == "the server did not answer the WebSocket upgrade within 0.05 seconds")
        #expect(
            try text {
                $0.connection.send("HTTP/1.1 101 x\r\n")
                $0.waitForEnd()
            }.hasPrefix("the server did not answer"))
        #expect(
            try text {
                _ = $0.readRequest()
                $0.connection.reset()
            }.contains("reset"))
    }

    /// What there is of a refusal counts when its end does not come.
    @Test func aRefusalThatDoesNotEnd() throws {
        try withWebSocketPeer {
            $0.upgradeTimeout = .milliseconds(50)
        } serving: { peer in
            _ = peer.readRequest()
            peer.connection.send("HTTP/1.1 401 x\r\nContent-Length: 1000\r\n\r\nfor now")
            peer.waitForEnd()
        } _: { harness in
            harness.open()
            #expect(harness.runUntilEnd() == .refused(WebSocketRefusal(status: 401, text: "for now", fields: [])))
        }
    }

    @Test func nobodyListens() throws {
        try withWebSocket(WebSocketConfiguration(url: "http://127.0.0.1:\(RawPeer.closedPort)/")) { harness in
            harness.open()
            guard case .connectFailed(let text) = harness.runUntilEnd() else {
                Issue.record("\(String(describing: harness.end))")
                return
            }
            #expect(text.contains("127.0.0.1"))
        }
    }

    /// A server that never answers TLS's hello.
    @Test func connectingEndsInTime() throws {
        let peer = RawPeer { $0.waitForEnd() }
        var configuration = WebSocketConfiguration(url: "https://127.0.0.1:\(peer.port)/")
        configuration.connectTimeout = .milliseconds(50)
        try withWebSocket(configuration) { harness in
            harness.open()
            guard case .connectFailed(let text) = harness.runUntilEnd() else {
                Issue.record("\(String(describing: harness.end))")
                return
            }
            #expect(text.contains("timed out") || text.contains("timeout"), "\(text)")
        }
    }

    /// Byte by byte, with frames in the same segments.
    @Test func theAnswerInPieces() throws {
        try withWebSocketPeer { peer in
            let request = peer.readRequest()
            for byte in Array(WebSocketPeer.acceptance(of: request).utf8) + WebSocketPeer.frame(2, Array("first".utf8)) {
                peer.connection.send([byte])
            }
            peer.waitForEnd()
        } _: { harness in
            harness.open()
            harness.loop.run(until: { harness.receivedBytes == 5 })
            #expect(harness.received == Array("first".utf8))
        }
    }

    @Test func throughAUnixSocket() throws {
        let directory = TemporaryDirectory()
        let path = directory.path("coderd.sock")
        let listener = RawPeer.listen(unix: path)
        let peer = RawPeer(listening: listener) { connection in
            let peer = WebSocketPeer(connection)
            peer.accept()
            peer.echo()
        }
        var configuration = WebSocketConfiguration(url: "http://coderd.invalid/api")
        configuration.unixSocketPath = path
        try withWebSocket(configuration) { harness in
            harness.open()
            harness.send(Array("echo".utf8))
            harness.loop.run(until: { harness.receivedBytes == 4 || harness.end != nil })
            #expect(harness.received == Array("echo".utf8))
        }
        #expect(peer.connections == 1)
    }
}
