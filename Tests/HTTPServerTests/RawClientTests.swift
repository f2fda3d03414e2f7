import EventLoop
import Glibc
import HTTPServer
import Testing

/// What curl does not do: staying, leaving rudely, sending rubbish.
@Suite(.timeLimit(.minutes(1))) struct RawClientTests {
    /// A blocking socket to the server; the kernel completes the connection before the server accepts it.
    static func connect(to port: UInt16) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        precondition(result == 0)
        return descriptor
    }

    static func send(_ text: String, to descriptor: Int32) {
        precondition(write(descriptor, text, text.utf8.count) == text.utf8.count)
    }

    /// Turns the loop until the client has got something; what it has got.
    static func receive(_ loop: EventLoop, from descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count >= 0 { return String(decoding: buffer[..<count], as: UTF8.self) }
            loop.runOnce(waiting: false)
        }
    }

    @Test func aKeptConnectionCausesNoWakeUps() throws {
        let loop = try EventLoop()
        let server = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 100, connectionsMax: 5) { _, respond in
            respond(HTTPServerResponse(status: 200))
        }
        let client = Self.connect(to: server.port)
        Self.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n", to: client)
        #expect(Self.receive(loop, from: client).hasPrefix("HTTP/1.1 200"))
        for _ in 0..<20 { loop.runOnce(waiting: false) }
        var turns = 0
        loop.onTurn = { turns += 1 }
        let timer = Timer(loop) { loop.stop() }
        timer.start(after: .milliseconds(300))
        loop.run()
        #expect(turns <= 2)
        // And it is still served.
        Self.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n", to: client)
        #expect(Self.receive(loop, from: client).hasPrefix("HTTP/1.1 200"))
        close(client)
        timer.close()
        server.close()
        loop.close()
    }

    @Test func rubbishIsAnswered400() throws {
        let loop = try EventLoop()
        let server = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 100, connectionsMax: 5) { _, _ in
            Issue.record("called")
        }
        let client = Self.connect(to: server.port)
        Self.send("\u{1}\u{2}rubbish\r\n\r\n", to: client)
        let answer = Self.receive(loop, from: client)
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400") || answer.hasPrefix("HTTP/1.0 400"))
        close(client)
        server.close()
        loop.close()
    }

    /// The client resets the connection while its answer is being made; SIGPIPE has its default action, which is death.
    @Test func answeringAClientThatHasGone() async {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            let loop = try EventLoop()
            var pending: ((HTTPServerResponse) -> Void)?
            var calls = 0
            let server = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 100, connectionsMax: 1) { _, respond in
                calls += 1
                pending = respond
            }
            for round in 1...20 {
                let client = RawClientTests.connect(to: server.port)
                RawClientTests.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n", to: client)
                while calls < round { loop.runOnce() }
                var reset = linger(l_onoff: round % 2 == 0 ? 1 : 0, l_linger: 0)
                setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
                close(client)
                pending?(HTTPServerResponse(status: 200, body: [UInt8](repeating: 65, count: 3_000_000)))
                for _ in 0..<10 { loop.runOnce(waiting: false) }
            }
            server.close()
            loop.close()
        }
    }

    /// What was promised too large and then does not come: the connection is closed with the server, not waited for.
    @Test func closeWithAHalfSentRequest() throws {
        let loop = try EventLoop()
        let server = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 100, connectionsMax: 5) { _, _ in
            Issue.record("called")
        }
        let clients = ["GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhalf", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nhalf"]
            .map { text in
                let client = Self.connect(to: server.port)
                Self.send(text, to: client)
                return client
            }
        for _ in 0..<20 { loop.runOnce(waiting: false) }
        server.close()
        loop.close()
        clients.forEach { close($0) }
    }
}
