import EventLoop
import Glibc
import Pipeline
import Reporting
import Synchronization
import TestSupport
import Testing

/// Peers that no HTTP server would be: each ends in an outcome, soon, with bounded memory and nothing left open.
@Suite(.timeLimit(.minutes(2))) struct MisbehavingPeerTests {
    private func outcome(
        timeout: Duration = .seconds(30), logs: Int = 2, urlBytes: Int = 20, _ serve: @escaping @Sendable (RawPeer.Connection) -> Void
    ) throws -> (outcome: DeliveryOutcome, statistics: ReporterStatistics, connections: Int) {
        let peer = RawPeer(serve)
        var result: (DeliveryOutcome, ReporterStatistics, Int)?
        try withReporter(HTTPReporterConfiguration(url: peer.url, timeout: timeout)) { harness in
            let outcome = harness.send(harness.fixture.delivery(batches: [logs], urlBytes: urlBytes))
            result = (outcome, harness.reporter.statistics, peer.connections)
        }
        return try #require(result)
    }

    @Test func nobodyListens() throws {
        try withReporter(HTTPReporterConfiguration(url: "http://127.0.0.1:\(RawPeer.closedPort)/")) { harness in
            for _ in 0..<3 {
                let outcome = harness.send(harness.fixture.delivery())
                #expect(outcome.isTransient)
                #expect(outcome.reason.contains("Failed to connect"))
            }
            #expect(harness.reporter.statistics.transportErrors == 3)
        }
    }

    @Test func theNameDoesNotResolve() throws {
        try withReporter(HTTPReporterConfiguration(url: "http://nowhere.invalid/")) { harness in
            let outcome = harness.send(harness.fixture.delivery())
            #expect(outcome.isTransient)
            #expect(outcome.reason.contains("nowhere.invalid"))
        }
    }

    @Test func itHangsUpAtOnce() throws {
        let result = try outcome { _ in }
        #expect(result.outcome.isTransient, "\(result.outcome)")
        #expect(result.statistics.transportErrors == 1)
    }

    @Test func itHangsUpAfterTheRequest() throws {
        let result = try outcome { _ = $0.request() }
        #expect(result.outcome.isTransient, "\(result.outcome)")
    }

    @Test func itResetsTheConnection() throws {
        let result = try outcome(logs: 400, urlBytes: 1000) {
            _ = $0.receive()
            $0.reset()
        }
        #expect(result.outcome.isTransient, "\(result.outcome)")
    }

    /// Perhaps it arrived: an at-least-once sender tries again.
    @Test func aSuccessThatIsCutShortIsNone() throws {
        let result = try outcome {
            _ = $0.request()
            $0.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        }
        #expect(result.outcome.isTransient, "\(result.outcome)")
    }

    @Test func aRefusalThatIsCutShortIsOne() throws {
        let result = try outcome {
            _ = $0.request()
            $0.send("HTTP/1.1 400 Bad\r\nContent-Length: 100\r\n\r\nno such tenant")
        }
        #expect(result.outcome.isRejected)
        #expect(result.outcome.reason == "HTTP 400: no such tenant")
    }

    /// The head is answered before the body has been sent, and nothing more is read.
    @Test func tooLargeIsUnderstoodWhileTheBodyIsBeingSent() throws {
        let result = try outcome(logs: 3000, urlBytes: 2000) {
            _ = $0.receive()
            $0.send(RawPeer.response(413, headers: ["Connection: close"], body: "too much"))
            shutdown($0.descriptor, Int32(SHUT_WR))
            $0.waitForEnd()
        }
        #expect(result.outcome.isTooLarge, "\(result.outcome)")
        #expect(result.outcome.reason == "HTTP 413: too much")
        #expect(result.statistics.bodyBytes < 6_000_000)
    }

    @Test func itNeverAnswers() throws {
        let result = try outcome(timeout: .milliseconds(150)) { $0.waitForEnd() }
        #expect(result.outcome.isTransient)
        #expect(result.outcome.reason.contains("timed out"))
    }

    @Test func itTricklesForever() throws {
        let result = try outcome(timeout: .milliseconds(300)) {
            _ = $0.request()
            $0.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            // Until the client hangs up, looking for that every 5 ms.
            var hangUp = pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0)
            while $0.send(Array("1\r\nx\r\n".utf8)), poll(&hangUp, 1, 5) == 0 {}
        }
        #expect(result.outcome.isTransient)
    }

    @Test func itSpeaksAnotherProtocol() throws {
        for text in ["SSH-2.0-OpenSSH_9.2\r\n", "\u{0}\u{1}\u{2}garbage\r\n\r\n", "HTTP/1.1 999999 What\r\n\r\n", "HTTP/1.1\r\n\r\n"] {
            let result = try outcome {
                _ = $0.request()
                $0.send(text)
            }
            #expect(result.outcome.isTransient, "\(text): \(result.outcome)")
        }
    }

    @Test func anEndlessAnswerCountsByItsStatus() throws {
        for (status, check) in [(200, \DeliveryOutcome.isDelivered), (503, \.isTransient)] {
            let result = try outcome {
                _ = $0.request()
                $0.send("HTTP/1.1 \(status) Text\r\nConnection: close\r\n\r\n")
                while $0.send([UInt8](repeating: UInt8(ascii: "x"), count: 65536)) {}
            }
            #expect(result.outcome[keyPath: check], "\(result.outcome)")
            #expect(result.outcome.reason.utf8.count <= 220)
        }
    }

    @Test func endlessHeadersAreCutOff() throws {
        let result = try outcome {
            _ = $0.request()
            $0.send("HTTP/1.1 200 OK\r\n")
            let line = Array(("X-Filler: " + String(repeating: "y", count: 1000) + "\r\n").utf8)
            while $0.send(line) {}
        }
        #expect(result.outcome.isTransient, "\(result.outcome)")
    }

    @Test func informationalAnswersAreWaitedThrough() throws {
        let result = try outcome {
            _ = $0.request()
            $0.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + RawPeer.response(200))
        }
        #expect(result.outcome.isDelivered, "\(result.outcome)")
    }

    @Test func compressedAnswersAreNotUnpacked() throws {
        let result = try outcome {
            _ = $0.request()
            $0.send(RawPeer.response(400, headers: ["Content-Encoding: gzip"], body: "not gzip at all"))
        }
        #expect(result.outcome.reason == "HTTP 400: not gzip at all")
    }

    /// The server's idle timeout meets the next request: libcurl sends it again, on a new connection, from the body's start.
    @Test func aKeptConnectionThatWasClosedIsReplaced() throws {
        let bodies = Mutex<[[UInt8]]>([])
        let peer = RawPeer { connection in
            guard let request = connection.request() else { return }
            bodies.withLock { $0.append(request.body) }
            connection.send(RawPeer.response(200))
        }
        try withReporter(HTTPReporterConfiguration(url: peer.url)) { harness in
            var sent: [[UInt8]] = []
            for _ in 0..<20 {
                let delivery = harness.fixture.delivery(batches: [50, 50], urlBytes: 900)
                sent.append(delivery.bytes)
                // The end may arrive after the request has begun: then it is for the forwarder to try again.
                let outcome = harness.send(delivery)
                if outcome.isTransient { #expect(harness.send(delivery).isDelivered) }
            }
            let allArrived = bodies.withLock { $0 } == sent
            #expect(allArrived)
            #expect(peer.connections >= 20)
        }
    }

    /// The second request is under way when the server resets the kept connection.
    @Test func aKeptConnectionThatIsResetIsTriedAgain() throws {
        let bodies = Mutex<[[UInt8]]>([])
        let connections = Atomic<Int>(0)
        let peer = RawPeer { connection in
            let isFirst = connections.add(1, ordering: .relaxed).oldValue == 0
            while let request = connection.request() {
                if isFirst, bodies.withLock({ $0.count }) == 1 { return connection.reset() }
                bodies.withLock { $0.append(request.body) }
                connection.send(RawPeer.response(200))
            }
        }
        try withReporter(HTTPReporterConfiguration(url: peer.url)) { harness in
            let first = harness.fixture.delivery(batches: [1, 2])
            let second = harness.fixture.delivery(batches: [3, 4])
            #expect(harness.send(first).isDelivered)
            let outcome = harness.send(second)
            if outcome.isTransient { #expect(harness.send(second).isDelivered) }
            let bothArrived = bodies.withLock { $0 } == [first.bytes, second.bytes]
            #expect(bothArrived)
        }
    }

    /// A status of an earlier request on the same handle does not count for one that got none.
    @Test func anErrorAfterAnAnswerIsNotThatAnswer() throws {
        let count = Atomic<Int>(0)
        let peer = RawPeer { connection in
            guard connection.request() != nil, count.add(1, ordering: .relaxed).newValue == 1 else { return }
            connection.send(RawPeer.response(413, headers: ["Retry-After: 9", "Connection: close"], body: "busy"))
        }
        try withReporter(HTTPReporterConfiguration(url: peer.url)) { harness in
            #expect(harness.send(harness.fixture.delivery()).isTooLarge)
            let outcome = harness.send(harness.fixture.delivery())
            #expect(outcome.isTransient)
            #expect(outcome.retryAfter == nil)
            #expect(harness.reporter.statistics.responses == [413: 1])
            #expect(harness.reporter.statistics.transportErrors == 1)
        }
    }

    /// All of it at random, many side by side: each attempt ends once, and no byte is read of a delivery that has ended.
    @Test func everythingAtOnceEndsOnceEach() throws {
        let number = Atomic<UInt64>(0)
        let peer = RawPeer { connection in
            var random = number.add(1, ordering: .relaxed).newValue &* 0x9E37_79B9_7F4A_7C15
            random ^= random >> 31
            switch random % 8 {
            case 0: return
            case 1:
                _ = connection.receive()
                connection.reset()
            case 2: connection.send(RawPeer.response(429, headers: ["Retry-After: 3", "Connection: close"]))
            case 3:
                _ = connection.request()
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            case 4:
                _ = connection.receive()
                connection.send("\u{0}\u{1}\r\n\r\n")
            default:
                // This peer serves one connection at a time: it may not wait on one for long.
                for left in (0..<random % 3 + 1).reversed() {
                    guard connection.request() != nil else { return }
                    connection.send(RawPeer.response(left == 1 ? 500 : 200, headers: left == 0 ? ["Connection: close"] : []))
                }
            }
        }
        try withReporter(HTTPReporterConfiguration(url: peer.url, timeout: .seconds(2))) { harness in
            var started = 0, ended = 0, delivered = 0
            let deliveries = (0..<40).map { harness.fixture.delivery(batches: [1 + $0 * 5], urlBytes: 700) }
            func next() {
                guard started < 600 else { return }
                var endings = 0
                started += 1
                harness.reporter.send(deliveries[started % 40]) { outcome in
                    endings += 1
                    ended += 1
                    if outcome.isDelivered { delivered += 1 }
                    #expect(endings == 1)
                    next()
                }
            }
            for _ in 0..<24 { next() }
            harness.loop.run(until: { ended == 600 })
            #expect(delivered > 100 && delivered < 600)
            harness.fixture.scribble()
            harness.loop.runOnce(waiting: false)
            #expect(!harness.loop.runOnce(waiting: false))
        }
    }

    @Test func secretsStayOutOfReasons() throws {
        let directory = TemporaryDirectory()
        let tokenFile = directory.path("token")
        writeFile(tokenFile, "s3cr3t-token-value\n")
        let peer = RawPeer { connection in
            while let request = connection.request() {
                connection.send(RawPeer.response(400, body: "you sent:\u{1B}[31m\r\n" + request.head))
            }
        }
        var configuration = HTTPReporterConfiguration(url: "http://127.0.0.1:\(peer.port)/", headers: [.init(name: "X-Key", value: "k3y-material")])
        configuration.tokenFile = tokenFile
        try withReporter(configuration) { harness in
            let outcome = harness.send(harness.fixture.delivery())
            #expect(outcome.isRejected)
            #expect(!outcome.reason.contains("s3cr3t"))
            #expect(!outcome.reason.contains("k3y"))
            #expect(outcome.reason.hasPrefix("HTTP 400: you sent: [31m POST / HTTP/1.1 Host:"))
            #expect(outcome.reason.utf8.allSatisfy { $0 >= 0x20 })
            #expect(outcome.reason.count <= 210)
        }
        var withPassword = HTTPReporterConfiguration(url: "http://user:hunter22@127.0.0.1:\(peer.port)/")
        withPassword.userAgent = ""
        try withReporter(withPassword) { harness in
            #expect(harness.reporter.destination == "http://***@127.0.0.1:\(peer.port)/")
            // dXNlcjpodW50ZXIyMg== is user:hunter22.
            let reason = harness.send(harness.fixture.delivery()).reason
            #expect(reason.contains("Authorization: Basic"))
            #expect(!reason.contains("dXNlcjpod"))
        }
    }

    @Test func theTokenIsReadAgainAfterA401() throws {
        let directory = TemporaryDirectory()
        let tokenFile = directory.path("token")
        writeFile(tokenFile, "  first-token\n")
        let seen = Mutex<[String]>([])
        let peer = RawPeer { connection in
            while let request = connection.request() {
                let token = request.head.split(separator: "\r\n").first { $0.hasPrefix("Authorization: ") }.map(String.init) ?? "none"
                seen.withLock { $0.append(token) }
                connection.send(RawPeer.response(token.hasSuffix("second-token") ? 200 : 401, body: "bad token"))
            }
        }
        var configuration = HTTPReporterConfiguration(url: "http://127.0.0.1:\(peer.port)/")
        configuration.tokenFile = tokenFile
        try withReporter(configuration) { harness in
            #expect(harness.send(harness.fixture.delivery()).isRejected)
            writeFile(tokenFile, "second-token")
            let outcome = harness.send(harness.fixture.delivery())
            #expect(outcome.isTransient)
            #expect(outcome.reason.hasPrefix("HTTP 401: bad token (the token file has changed since"))
            #expect(harness.send(harness.fixture.delivery()).isDelivered)
            writeFile(tokenFile, "third-token")
            #expect(harness.send(harness.fixture.delivery()).isDelivered)
            _ = harness.reporter.reopen()
            #expect(harness.send(harness.fixture.delivery()).isRejected)
            unlink(tokenFile)
            _ = harness.reporter.reopen()
            #expect(harness.reporter.statistics.lastErrorReason?.contains("ENOENT") == true)
        }
        #expect(seen.withLock { $0 } == ["first", "first", "second", "second", "third"].map { "Authorization: Bearer \($0)-token" })
    }
}
