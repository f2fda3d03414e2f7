import BoundaryLogProxy
import HTTPServer
import Pipeline
import Testing

@Suite struct IngestTests {
    @Test func framesOfBothTagsAreDeliveredInOrder() throws {
        let bench = try Bench()
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<3) + TestFrame.message(session: "a", sequence: 3..<6))
        client.close()
        bench.run(until: "six logs are delivered") { bench.snapshot.ledger.delivered.logs == 6 }
        #expect(bench.received() == (0..<6).map { "a/\($0)" })
        let end = bench.finish()
        #expect(end.ledger.delivered == Tally(logs: 6, batches: 2))
        #expect(end.ingest.frames == 2)
    }

    @Test func framesMayBeSplitAnywhere() throws {
        let bench = try Bench()
        let bytes = TestFrame.message(session: "a", sequence: 0..<2) + TestFrame.logs(session: "a", sequence: 2..<3)
        for cut in 1..<bytes.count {
            let client = TestClient(bench.socketPath)
            client.write(Array(bytes[..<cut]))
            bench.run(until: "the first part is read") { bench.snapshot.ingest.bytes >= UInt64((cut - 1) * bytes.count + cut) }
            client.write(Array(bytes[cut...]))
            client.close()
            bench.run(until: "both frames are read") { bench.snapshot.ingest.frames == UInt64(cut * 2) }
        }
        let end = bench.finish()
        #expect(end.ledger.delivered.logs == UInt64(3 * (bytes.count - 1)))
        #expect(end.ingest.truncatedFrame == 0)
    }

    @Test func manyClientsInterleaved() throws {
        let bench = try Bench()
        let clients = (0..<50).map { _ in TestClient(bench.socketPath) }
        for round in Int32(0)..<20 {
            for (number, client) in clients.enumerated() {
                client.write(TestFrame.message(session: "session-\(number)", sequence: round * 3..<round * 3 + 3))
            }
            bench.loop.runOnce(waiting: false)
        }
        for client in clients { client.close() }
        let end = bench.finish()
        #expect(end.ledger.delivered.logs == 3000)
        var next: [String: Int] = [:]
        for log in bench.received() {
            let parts = log.split(separator: "/")
            #expect(Int(parts[1])! == next[String(parts[0]), default: 0])
            next[String(parts[0]), default: 0] += 1
        }
        #expect(next.count == 50 && next.values.allSatisfy { $0 == 60 })
    }

    @Test func aPayloadThatIsNotProtobufIsPassedOverAndTheNextFrameCounts() throws {
        let bench = try Bench()
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.frame(tag: 1, [0x0a, 0x7f]) + TestFrame.logs(session: "a", sequence: 0..<1))
        client.close()
        let end = bench.finish()
        #expect(end.ingest.rejected(.invalidProtobuf) == 1 && end.ingest.frames == 2)
        #expect(end.ledger.delivered.logs == 1)
        #expect(bench.messages.count(containing: "not valid protobuf") == 1)
    }

    @Test(arguments: [
        ([3, 0, 0, 0], RejectionReason.unknownTag), ([0, 0, 0, 0], .unknownTag), ([1, 0, 0x80, 1], .tooLong), ([2, 0xff, 0xff, 0xff], .tooLong),
    ] as [([UInt8], RejectionReason)])
    func aHeaderThatCannotBeClosesTheConnectionAtOnce(header: [UInt8], reason: RejectionReason) throws {
        let bench = try Bench()
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<2) + header)
        try bench.runUntilHangUp(client)
        let end = bench.finish()
        #expect(end.ingest.rejected(reason) == 1)
        #expect(end.ledger.delivered.logs == 2, "what came before is kept")
    }

    @Test func theLongestFrameIsTakenAndAnEmptyOneIsValid() throws {
        let bench = try Bench()
        let client = TestClient(bench.socketPath)
        let request = TestFrame.request(session: "a", sequence: 0..<1, urlBytes: 1000)
        var urlBytes = 32768 - request.count + 1000
        while TestFrame.request(session: "a", sequence: 0..<1, urlBytes: urlBytes).count > 32768 { urlBytes -= 1 }
        let longest = TestFrame.request(session: "a", sequence: 0..<1, urlBytes: urlBytes)
        #expect(longest.count == 32768)
        client.write(TestFrame.frame(tag: 1, []) + TestFrame.frame(tag: 2, []) + TestFrame.frame(tag: 1, longest))
        client.close()
        let end = bench.finish()
        #expect(end.ingest.frames == 3 && end.ingest.framesWithoutLogs == 2)
        #expect(end.ledger.delivered == Tally(logs: 1, batches: 1))
    }

    @Test func anEndInsideAFrameIsCounted() throws {
        let bench = try Bench()
        let frame = TestFrame.logs(session: "a", sequence: 0..<2)
        for cut in [1, 3, 4, frame.count - 1] {
            let client = TestClient(bench.socketPath)
            client.write(Array(frame[..<cut]))
            client.close()
        }
        let end = bench.finish()
        #expect(end.ingest.rejected(.truncatedFrame) == 4)
        #expect(end.ledger.received == Tally())
    }

    @Test func whatClientsReportIsAddedToTheDropCountersAndNotForwarded() throws {
        let bench = try Bench()
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.status(channelFull: 7, batchFull: 300) + TestFrame.status(channelFull: 1, batchFull: 0))
        client.close()
        let end = bench.finish()
        #expect(end.ingest.clientDroppedChannelFull == 8 && end.ingest.clientDroppedBatchFull == 300)
        #expect(bench.requests.isEmpty && end.ledger.received == Tally())
    }

    @Test func oneConnectionOverTheLimitIsAcceptedClosedAndCounted() throws {
        let bench = try Bench(["connections-max": "2"])
        let clients = (0..<3).map { _ in TestClient(bench.socketPath) }
        try bench.runUntilHangUp(clients[2])
        #expect(bench.snapshot.connections == 2)
        clients[0].close()
        bench.run(until: "there is room again") { bench.snapshot.connections == 1 }
        let late = TestClient(bench.socketPath)
        late.write(TestFrame.logs(session: "a", sequence: 0..<1))
        late.close()
        clients[1].close()
        let end = bench.finish()
        #expect(end.ingest.connectionsRefused == 1 && end.ledger.delivered.logs == 1)
        #expect(bench.messages.count(containing: "connections-max") == 1)
    }

    @Test func aClientThatSendsNothingIsClosedAfterTheIdleTimeout() throws {
        let bench = try Bench(["connection-idle-timeout": "10ms"])
        let client = TestClient(bench.socketPath)
        try bench.runUntilHangUp(client)
        #expect(bench.finish().ingest.connectionsIdleClosed == 1)
    }

    @Test func clientsThatFloodDoNotKeepASlowOneWaiting() throws {
        let bench = try Bench(["overflow": "block", "buffer-bytes": "1MiB", "request-bytes-max": "64KiB", "flush-interval": "0s"])
        bench.answer = { _ in nil }
        let flooders = (0..<8).map { _ in TestClient(bench.socketPath) }
        let slow = TestClient(bench.socketPath)
        let frame = TestFrame.logs(session: "flood", sequence: 0..<25, urlBytes: 1000)
        var rests = flooders.map { _ in frame[...] }
        func flood() {
            for (number, client) in flooders.enumerated() {
                while let count = client.writeSome(rests[number]), count > 0 {
                    rests[number] = count == rests[number].count ? frame[...] : rests[number].dropFirst(count)
                }
            }
            bench.loop.turnSoon()
        }
        bench.run(until: "the ring is full") {
            flood()
            return bench.snapshot.isReadingPaused
        }
        let waiting = TestFrame.logs(session: "slow", sequence: 0..<1)
        slow.write(waiting)
        let before = bench.snapshot.ingest
        var hasCome = false
        bench.run(until: "the slow client's log has come") {
            bench.answerHeld(HTTPServerResponse(status: 200))
            flood()
            hasCome = hasCome || bench.received(bench.requests).contains("slow/0")
            bench.forgetRequests()
            return hasCome
        }
        // One read round of the others: each is read once, and what had been read before lies in front of it in the ring.
        let rounds = bench.snapshot.ingest.pauses - before.pauses
        #expect(rounds <= 2 * UInt64(flooders.count), "\(rounds) times the ring was filled and emptied before")
        bench.answer = { _ in HTTPServerResponse(status: 200) }
        bench.answerHeld(HTTPServerResponse(status: 200))
        for (number, client) in flooders.enumerated() {
            bench.run(until: "the last frame is whole") {
                let count = client.writeSome(rests[number]) ?? 0
                rests[number] = rests[number].dropFirst(count)
                bench.loop.turnSoon()
                return rests[number].isEmpty
            }
            client.close()
        }
        slow.close()
        let end = bench.finish()
        #expect(end.ledger.dropped == Tally() && end.ingest.truncatedFrame == 0)
    }

    @Test func aFullRingStopsReadingAndNothingIsLost() throws {
        let bench = try Bench(["overflow": "block", "buffer-bytes": "1MiB", "request-bytes-max": "64KiB"])
        bench.answer = { _ in nil }
        let client = TestClient(bench.socketPath)
        // 4 MiB against a ring of 1 MiB, while the destination does not answer.
        var bytes: [UInt8] = []
        for number in Int32(0)..<400 { bytes += TestFrame.logs(session: "a", sequence: number * 10..<number * 10 + 10, urlBytes: 1000) }
        var written = 0
        bench.run(until: "reading stands still and the socket is full") {
            let took = client.writeSome(bytes[written...])!
            written += took
            if took > 0 { bench.loop.turnSoon() }
            return bench.snapshot.isReadingPaused && took == 0
        }
        #expect(written < bytes.count && bench.snapshot.ledger.dropped == Tally())
        bench.answer = { _ in HTTPServerResponse(status: 200) }
        bench.answerHeld(HTTPServerResponse(status: 200))
        bench.run(until: "all is written") {
            written += client.writeSome(bytes[written...])!
            bench.loop.turnSoon()
            return written == bytes.count
        }
        client.close()
        let end = bench.finish()
        #expect(end.ingest.pauses > 0)
        #expect(end.ledger.delivered.logs == 4000)
        #expect(bench.received() == (0..<4000).map { "a/\($0)" })
    }

    @Test(arguments: ["drop-newest", "drop-oldest"])
    func aFullRingDropsAndCounts(policy: String) throws {
        let bench = try Bench(["overflow": policy, "buffer-bytes": "1MiB", "request-bytes-max": "64KiB"])
        bench.answer = { _ in nil }
        let client = TestClient(bench.socketPath)
        for number in Int32(0)..<400 {
            client.write(TestFrame.logs(session: "a", sequence: number * 10..<number * 10 + 10, urlBytes: 1000))
            bench.run(until: "the frame is read") { bench.snapshot.ingest.frames == UInt64(number) + 1 }
        }
        let dropped = bench.snapshot.ledger.droppedBufferFull
        #expect(dropped.batches > 200 && dropped.logs == dropped.batches * 10)
        bench.answer = { _ in HTTPServerResponse(status: 200) }
        bench.answerHeld(HTTPServerResponse(status: 200))
        client.close()
        let end = bench.finish()
        #expect(end.ledger.delivered.logs + end.ledger.droppedBufferFull.logs == 4000)
        #expect(bench.received().last == "a/3999" || policy == "drop-newest")
        #expect(bench.received().count == Int(end.ledger.delivered.logs))
    }
}
