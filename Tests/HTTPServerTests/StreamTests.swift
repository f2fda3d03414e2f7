import EventLoop
import Glibc
import HTTPServer
import TestSupport
import Testing

/// Answers that are written while they are read, and servers on a Unix socket.
@Suite(.timeLimit(.minutes(1))) struct StreamTests {
    /// A server whose every answer is a stream.
    private final class StreamingServer {
        let loop: EventLoop
        private(set) var server: HTTPServer?
        private(set) var streams: [HTTPStream] = []
        var onStream: (HTTPStream) -> Void = { _ in }

        init(bufferBytesMax: Int = 64 << 10) throws {
            loop = try EventLoop()
            server = try HTTPServer(loop, host: "127.0.0.1", port: 0, bodyBytesMax: 100, connectionsMax: 50) { [unowned self] _, respond in
                let stream = HTTPStream(bufferBytesMax: bufferBytesMax)
                streams.append(stream)
                onStream(stream)
                respond(HTTPServerResponse(status: 200, contentType: "text/event-stream", stream: stream))
            }
        }

        /// A client that has asked, and whose request has been taken.
        func connect() -> Int32 {
            let client = RawClientTests.connect(to: server!.port)
            RawClientTests.send("GET / HTTP/1.0\r\nHost: x\r\n\r\n", to: client)
            let count = streams.count
            while streams.count == count { loop.runOnce() }
            return client
        }

        func forgetStreams() { streams = [] }

        func close() {
            server?.close()
            server = nil
            loop.close()
        }
    }

    /// Turns the loop until the client's text ends so; what it has got in all, on top of `before`.
    private func receive(_ loop: EventLoop, _ client: Int32, until end: String, after before: String = "") -> String {
        var text = before
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while !text.hasSuffix(end) {
            let count = recv(client, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count == 0 { return text + "<end>" }
            if count > 0 { text += String(decoding: buffer[..<count], as: UTF8.self) } else { loop.runOnce(waiting: false) }
        }
        return text
    }

    @Test func whatIsWrittenLaterArrivesAtOnceAndTheEndEnds() throws {
        let streaming = try StreamingServer()
        let client = streaming.connect()
        let stream = streaming.streams[0]
        var text = ""
        for word in ["one ", "two ", "three "] {
            #expect(stream.write(Array(word.utf8)))
            text = receive(streaming.loop, client, until: word, after: text)
        }
        #expect(text.hasPrefix("HTTP/1.0 200") || text.hasPrefix("HTTP/1.1 200"))
        #expect(text.hasSuffix("\r\n\r\none two three "))
        var isClosed = false
        stream.onClosed = { isClosed = true }
        stream.end()
        #expect(!stream.write([65]))
        #expect(receive(streaming.loop, client, until: "never", after: "") == "<end>")
        while !isClosed { streaming.loop.runOnce() }
        #expect(stream.isClosed)
        close(client)
        streaming.close()
    }

    @Test func curlReadsItInChunks() throws {
        let streaming = try StreamingServer()
        streaming.onStream = { stream in
            // Before it is attached, and from the buffer's own end.
            var left = 3
            #expect(stream.write(Array("begin".utf8)))
            stream.onDrained = {
                left -= 1
                if left > 0 { #expect(stream.write(Array(" more".utf8))) } else { stream.end() }
            }
        }
        let result = try Curl.run(streaming.loop, "-i", "http://127.0.0.1:\(streaming.server!.port)/")
        #expect(result.exitCode == 0)
        #expect(result.lines.contains("Transfer-Encoding: chunked"))
        #expect(result.output.hasSuffix("\r\n\r\nbegin more more"))
        streaming.close()
    }

    @Test func aSlowReaderFillsTheBufferAndNoMore() throws {
        let streaming = try StreamingServer(bufferBytesMax: 100_000)
        let client = streaming.connect()
        let stream = streaming.streams[0]
        // Every piece says its place, so that what arrives can be checked byte by byte.
        func piece(_ number: Int) -> [UInt8] { Array(String(repeating: "\(number % 10)", count: 1000).utf8) }
        var taken = 0
        var refused = 0
        while refused < 100 {
            if stream.write(piece(taken)) { taken += 1 } else { refused += 1 }
            #expect(stream.bufferedBytes <= 100_000)
            streaming.loop.runOnce(waiting: false)
        }
        var wasDrained = false
        stream.onDrained = { wasDrained = true }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var received: [UInt8] = []
        while !wasDrained {
            let count = recv(client, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { received += buffer[..<count] }
            streaming.loop.runOnce(waiting: false)
        }
        #expect(stream.write(piece(taken)))
        stream.end()
        while true {
            let count = recv(client, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count == 0 { break }
            if count > 0 { received += buffer[..<count] }
            streaming.loop.runOnce(waiting: false)
        }
        let head = String(decoding: received.prefix(1000), as: UTF8.self).split(separator: "\r\n\r\n")[0].utf8.count + 4
        #expect(Array(received[head...]) == (0...taken).flatMap(piece))
        close(client)
        streaming.close()
    }

    @Test(arguments: [false, true]) func aClientThatHasGoneIsNoticedAtAWrite(byReset: Bool) throws {
        let streaming = try StreamingServer()
        let client = streaming.connect()
        let stream = streaming.streams[0]
        #expect(stream.write(Array("hello".utf8)))
        _ = receive(streaming.loop, client, until: "hello")
        var closings = 0
        stream.onClosed = { closings += 1 }
        var reset = linger(l_onoff: byReset ? 1 : 0, l_linger: 0)
        setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
        close(client)
        // The first write may still find room in the kernel; the answer to it is the reset.
        while closings == 0 {
            _ = stream.write(Array(": keep-alive\n".utf8))
            streaming.loop.runOnce(waiting: false)
        }
        #expect(stream.isClosed && closings == 1 && stream.bufferedBytes == 0)
        streaming.close()
        #expect(closings == 1)
    }

    @Test func closeSendsWhatIsBufferedAndLeaksNothing() throws {
        let streaming = try StreamingServer()
        let clients = (0..<20).map { _ in streaming.connect() }
        var told = 0
        for stream in streaming.streams { stream.onClosed = { told += 1 } }
        for stream in streaming.streams { #expect(stream.write(Array("last words".utf8))) }
        weak let last = streaming.streams.last
        streaming.forgetStreams()
        streaming.close()
        #expect(last == nil)
        // A server that is closed calls nobody back.
        #expect(told == 0)
        for client in clients {
            var buffer = [UInt8](repeating: 0, count: 4096)
            var text = ""
            while case let count = recv(client, &buffer, buffer.count, 0), count > 0 { text += String(decoding: buffer[..<count], as: UTF8.self) }
            #expect(text.hasSuffix("\r\n\r\nlast words"))
            close(client)
        }
    }

    @Test func anIdleStreamCausesNoWakeUps() throws {
        let streaming = try StreamingServer()
        let client = streaming.connect()
        #expect(streaming.streams[0].write(Array("hello".utf8)))
        _ = receive(streaming.loop, client, until: "hello")
        for _ in 0..<20 { streaming.loop.runOnce(waiting: false) }
        var turns = 0
        streaming.loop.onTurn = { turns += 1 }
        let timer = Timer(streaming.loop) { streaming.loop.stop() }
        timer.start(after: .milliseconds(300))
        streaming.loop.run()
        #expect(turns <= 2)
        timer.close()
        close(client)
        streaming.close()
    }

    @Test func aUnixSocketIsServedToo() throws {
        let directory = TemporaryDirectory()
        let path = directory.path("s")
        let loop = try EventLoop()
        let socket = try ListeningSocket(path: path, mode: 0o600, groupID: nil)
        let server = try HTTPServer(
            loop, takingOwnershipOf: socket.takeDescriptor(), path: path, bodyBytesMax: 100, connectionsMax: 5
        ) { request, respond in respond(HTTPServerResponse(status: 200, body: Array("hello from \(request.path)".utf8))) }
        #expect(server.port == 0)
        let result = try Curl.run(loop, "--unix-socket", path, "http://localhost/here")
        #expect(result.output == "hello from /here")
        socket.unlink()
        server.close()
        loop.close()
    }
}
