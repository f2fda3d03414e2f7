@testable import BoundaryLogProxy
import EventLoop
import Glibc
import TestSupport
import Testing
import Wire

/// `/events`: figures and logs as they come, and the exact account of what could not be shown.
@Suite struct EventStreamTests {
    private func follow(_ bench: Bench, _ query: String) -> StatusQuery {
        let stream = StatusQuery(socket: bench.directory.path("status"), StatusQuery.get("/events?" + query))
        bench.run(until: "the stream has begun") { stream.contains(": boundary-log-proxy") }
        return stream
    }

    private func json(_ text: String) throws -> JSONValue { try #require(JSONReader.read(Array(text.utf8)), "\(text)") }

    private func skipped(_ stream: StatusQuery) throws -> Int {
        try stream.events("skipped").reduce(0) { try $0 + #require(json($1)["logs"].integer) }
    }

    @Test func figuresComeAtOnceAndGoOn() throws {
        let bench = try Bench.withStatusSocket()
        let stream = follow(bench, "figures=1")
        bench.run(until: "three events are there") {
            stream.take()
            return stream.events("figures").count == 3
        }
        #expect(stream.head.contains("Content-Type: text/event-stream"))
        let events = try stream.events("figures").map(json)
        let page = try json(bench.ask(StatusQuery.get("/status")).body)
        #expect(events[2].members.map(\.name) == page.members.map(\.name))
        #expect(events[2]["ledger"] == page["ledger"] && events[2]["configuration"] == page["configuration"])
        #expect(stream.events("log").isEmpty)
        stream.close()
        bench.finish()
    }

    @Test func logsAreLinesOfTheFileReporterWithTheClientsProcess() throws {
        let bench = try Bench.withStatusSocket()
        let stream = follow(bench, "logs=1")
        let client = TestClient(bench.socketPath)
        let request = TestFrame.request(session: "se\"ssion", sequence: 0..<3, urlBytes: 40)
        client.write(TestFrame.frame(tag: 1, request) + TestFrame.message(session: "b", sequence: 7..<8))
        bench.run(until: "four logs are there") {
            stream.take()
            return stream.events("log").count == 4
        }
        // By the file reporter's own writer.
        var lines: [UInt8] = []
        let span = request.span.bytes
        guard case .logs(let scanned) = BoundaryScan.scan(.logs, span) else {
            Issue.record("invalid")
            return
        }
        NDJSON.append(span, sessionID: scanned.sessionID, processName: scanned.processName, logs: nil, to: &lines)
        let expected = String(decoding: lines, as: UTF8.self).split(separator: "\n").map { String($0.dropLast()) + ",\"pid\":\(getpid())}" }
        #expect(stream.events("log").prefix(3) == expected[...])
        let last = try json(stream.events("log")[3])
        #expect(last["session_id"].text == "b" && last["sequence_number"].integer == 7)
        #expect(stream.events("skipped").isEmpty && stream.events("figures").isEmpty)
        client.close()
        stream.close()
        bench.finish()
    }

    @Test func filtersTakeWhatTheyName() throws {
        let bench = try Bench.withStatusSocket()
        let streams = ["logs=1", "logs=1&denied=1", "logs=1&session=aa", "logs=1&session=aab&denied=1", "logs=1&denied=0&session="].map { follow(bench, $0) }
        let client = TestClient(bench.socketPath)
        for session in ["aab", "aac", "b", ""] { client.write(LogFrame.frame(session: session, [(true, "GET"), (false, "PUT"), (true, "HEAD"), (false, "DELETE")])) }
        // An envelope of two pieces: the logs of one request apart from its session.
        let inner = LogFrame.request(session: "", [(false, "PATCH")])
        let session: [UInt8] = [0x12, 3] + Array("aab".utf8)
        client.write(TestFrame.frame(tag: 2, [0x0A] + TestFrame.varint(inner.count) + inner + [0x0A] + TestFrame.varint(session.count) + session))
        let counts = [17, 9, 9, 3, 17]
        bench.run(until: "each has its logs") {
            zip(streams, counts).allSatisfy { stream, count in
                stream.take()
                return stream.events("log").count == count
            }
        }
        let denied = try streams[3].events("log").map(json)
        #expect(denied.map { $0["method"].text } == ["PUT", "DELETE", "PATCH"])
        #expect(denied.allSatisfy { $0["session_id"].text == "aab" && $0["allowed"] == .bool(false) })
        #expect(Set(try streams[2].events("log").map { try json($0)["session_id"].text }) == ["aab", "aac"])
        let tap = bench.snapshot.tap
        #expect(tap == TapCounts(received: 5 * 17, shown: UInt64(counts.reduce(0, +)), skipped: 0, filtered: UInt64(counts.reduce(0) { $0 + 17 - $1 })))
        client.close()
        streams.forEach { $0.close() }
        bench.finish()
    }

    /// Floods with one reader that reads nothing meanwhile, one that reads little, and one that keeps up: each can say to the log what it has seen and what not.
    @Test(arguments: ["drop-newest", "block"]) func shownAndSkippedAreAllThatCame(overflow: String) throws {
        let bench = try Bench.withStatusSocket(["overflow": overflow, "buffer-bytes": "1MiB", "request-bytes-max": "64KiB"])
        let stuck = follow(bench, "logs=1")
        let slow = follow(bench, "logs=1&figures=1")
        let quick = follow(bench, "logs=1")
        let all = [stuck, slow, quick]
        let client = TestClient(bench.socketPath)
        let frame = TestFrame.logs(session: "s", sequence: 0..<100, urlBytes: 200)
        var rest = frame[...]
        var frames = 0
        // Over several windows of time, and far more than a buffer of a follower holds.
        let enough = 3 * TapHub.examinedPerWindow / 100
        let began = bench.loop.now
        bench.run(until: "the flood is over") {
            if let count = client.writeSome(rest) { rest = rest.dropFirst(count) }
            if rest.isEmpty { (rest, frames) = (frame[...], frames + 1) }
            slow.take(100)
            quick.take()
            return frames >= enough && bench.loop.now - began > 1_000_000_000 && rest.count == frame.count
        }
        bench.run(until: "all has come and been told") {
            all.forEach { $0.take() }
            return bench.snapshot.ledger.received.logs == UInt64(frames * 100)
                && all.allSatisfy { (try? $0.events("log").count + skipped($0)) == frames * 100 }
        }
        for stream in all { #expect(try skipped(stream) > 0) }
        // One that reads nothing gets what its buffers hold; one that reads gets more.
        #expect(stuck.events("log").count < quick.events("log").count)
        let tap = bench.snapshot.tap
        #expect(tap.received == UInt64(3 * frames * 100) && tap.filtered == 0 && tap.shown + tap.skipped == tap.received)
        #expect(tap.shown == UInt64(all.reduce(0) { $0 + $1.events("log").count }))
        client.close()
        all.forEach { $0.close() }
        bench.finish()
    }

    @Test func whatIsNotSaidIsNotShown() throws {
        let bench = try Bench.withStatusSocket()
        for (query, complaint) in [
            ("", "nothing is asked for"), ("?logs=0", "nothing is asked for"), ("?denied=1", "nothing is asked for"), ("?logs=yes", "logs must be 0 or 1"),
            ("?logs=1&deny=1", "'deny' is not known here"), ("?figures=2", "figures must be 0 or 1"),
        ] {
            let answer = bench.ask(StatusQuery.get("/events\(query)"))
            #expect(answer.status == 400 && answer.body.contains(complaint) && answer.body.contains("allowed are"), "\(query): \(answer.text)")
        }
        #expect(bench.ask("HEAD /events?logs=1 HTTP/1.0\r\nHost: localhost\r\n\r\n").status == 200)
        #expect(bench.snapshot.streams?.streams == 0)
        bench.finish()
    }

    @Test func oneReaderTooManyIsToldSoAndAPlaceIsFreedByLeaving() throws {
        let bench = try Bench.withStatusSocket()
        var streams = (0..<EventStreams.streamsMax).map { follow(bench, $0 % 2 == 0 ? "logs=1" : "figures=1") }
        let refused = bench.ask(StatusQuery.get("/events?logs=1"))
        #expect(refused.status == 503 && refused.head.contains("Retry-After:") && refused.body.contains("16 readers"))
        #expect(bench.ask(StatusQuery.get("/metrics")).body.contains("agent_boundary_log_proxy_event_streams 16\n"))
        // A follower is noticed to have gone at the next log, one of figures within a second.
        streams[0].close()
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<1))
        bench.run(until: "its place is free") { bench.snapshot.streams?.streams == EventStreams.streamsMax - 1 }
        streams[1].close()
        bench.run(until: "the other's too") { bench.snapshot.streams?.streams == EventStreams.streamsMax - 2 }
        streams.append(follow(bench, "logs=1"))
        client.close()
        // The end ends the streams.
        bench.finish()
        for stream in streams[2...] {
            stream.take()
            #expect(stream.hasEnded)
        }
    }

    /// While nobody listens there is nothing to wake up for, also after somebody did.
    @Test func nobodyListeningIsIdle() throws {
        let bench = try Bench.withStatusSocket(["metrics-listen": "127.0.0.1:0"])
        let stream = follow(bench, "logs=1&figures=1")
        stream.close()
        bench.run(until: "it is noticed") { bench.snapshot.streams?.streams == 0 }
        for _ in 0..<20 { bench.loop.runOnce(waiting: false) }
        var turns = 0
        bench.proxy!.onTurn = { turns += 1 }
        let timer = Timer(bench.loop) { bench.loop.stop() }
        timer.start(after: .milliseconds(1500))
        bench.loop.run()
        timer.close()
        #expect(turns <= 2)
        bench.finish()
    }
}

/// Frames of logs that are denied, too.
enum LogFrame {
    static func request(session: String, _ logs: [(allowed: Bool, method: String)]) -> [UInt8] {
        var out: [UInt8] = []
        for (number, log) in logs.enumerated() {
            LogEncoder.appendLog(
                allowed: log.allowed, nanoseconds: 1_764_000_000_000_000_000, method: Array(log.method.utf8), url: Array("https://a.example/x".utf8),
                matchedRule: log.allowed ? Array("domain=a.example".utf8) : [], sequenceNumber: Int32(number), to: &out)
        }
        if !session.isEmpty { LogEncoder.appendSession(Array(session.utf8), process: Array("claude".utf8), to: &out) }
        return out
    }

    static func frame(session: String, _ logs: [(allowed: Bool, method: String)]) -> [UInt8] { TestFrame.frame(tag: 1, request(session: session, logs)) }
}
