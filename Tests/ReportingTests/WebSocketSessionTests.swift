import EventLoop
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Reporting

/// Open connections to a peer that does as it is told.
@Suite(.timeLimit(.minutes(2))) struct WebSocketSessionTests {
    @Test func messagesGoBothWays() throws {
        let frames = Mutex<[WebSocketPeer.Frame]>([])
        try withWebSocketPeer { peer in
            peer.accept()
            while let frame = peer.readFrame() {
                frames.withLock { $0.append(frame) }
                peer.send(frame.opcode, frame.payload)
                if frame.opcode == 8 { return }
            }
        } _: { harness in
            harness.toSend = [Array("before".utf8)]
            harness.open()
            harness.runUntilOpen()
            harness.send(Array("one ".utf8))
            harness.send(Array("two".utf8))
            harness.loop.run(until: { harness.receivedBytes == 13 })
            #expect(harness.received == Array("beforeone two".utf8))
            harness.call { harness.client.close() }
            #expect(harness.runUntilEnd() == .closed(code: 1000, reason: ""))
            // Four frames of six bytes more each, and the answers.
            let payloadBytes = 13 + 2
            #expect(harness.client.bytesOut > UInt64(payloadBytes + 4 * 6) && harness.client.bytesIn > UInt64(payloadBytes + 4 * 2))
        }
        frames.withLock { frames in
            #expect(frames.map(\.opcode) == [2, 2, 2, 8])
            #expect(frames.allSatisfy { $0.isFinal && $0.mask != nil })
            #expect(frames.last?.payload == [3, 232])
        }
    }

    @Test func aPingIsAnsweredBetweenFragments() throws {
        let pong = Mutex<WebSocketPeer.Frame?>(nil)
        try withWebSocketPeer { peer in
            peer.accept()
            peer.send(2, Array("a".utf8), isFinal: false)
            peer.send(9, Array("are you there".utf8))
            let answer = peer.readFrame()
            pong.withLock { $0 = answer }
            peer.send(10, Array("unasked".utf8))
            peer.send(0, Array("b".utf8))
            peer.waitForEnd()
        } _: { harness in
            harness.open()
            harness.loop.run(until: { harness.receivedBytes == 2 })
            #expect(harness.received == Array("ab".utf8))
        }
        let answer = pong.withLock { $0 }
        #expect(answer?.opcode == 10 && answer?.payload == Array("are you there".utf8) && answer?.mask != nil)
    }

    /// A peer that pings and does not read gets few pongs, the last one to its last ping; no queue grows.
    @Test func pingsInAFloodGetFewPongs() throws {
        let count = 200_000
        let pongs = Mutex<[[UInt8]]>([])
        try withWebSocketPeer { peer in
            peer.accept()
            func payload(_ number: Int) -> [UInt8] {
                [UInt8](repeating: 1, count: 100) + (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
            }
            for start in stride(from: 0, to: count, by: 100) {
                peer.connection.send((start..<start + 100).flatMap { WebSocketPeer.frame(9, payload($0)) })
            }
            while let frame = peer.readFrame() {
                pongs.withLock { $0.append(frame.payload) }
                if frame.payload == payload(count - 1) { break }
            }
            peer.send(8, [3, 232])
            peer.waitForEnd()
        } _: { harness in
            harness.open()
            #expect(harness.runUntilEnd() == .closed(code: 1000, reason: ""))
        }
        let answered = pongs.withLock { $0.count }
        #expect(answered >= 1 && answered < count / 10, "\(answered) pongs")
    }

    /// A peer that does not read stops us: nothing is asked for any more, until it reads on.
    @Test func aPeerThatDoesNotReadStopsTheProducing() throws {
        let mayRead = Flag()
        let total = 64 << 20
        let arrived = Mutex<(bytes: Int, isWhole: Bool)>((0, true))
        try withWebSocketPeer { peer in
            peer.accept()
            mayRead.wait()
            while let frame = peer.readFrame(), frame.opcode == 2 {
                arrived.withLock {
                    $0.isWhole = $0.isWhole && Pattern.matches(frame.payload, at: $0.bytes)
                    $0.bytes += frame.payload.count
                }
            }
            peer.send(8, [3, 232])
            peer.waitForEnd()
        } _: { harness in
            harness.onProduce = { buffer in
                let count = min(buffer.count, total - harness.produced)
                Pattern.fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: harness.produced)
                return count
            }
            harness.open()
            // Turns without end while it takes bytes; then none but the timer's.
            var quietTurns = 0
            var before = -1
            let timer = Timer(harness.loop) {}
            while quietTurns < 3 {
                timer.start(after: .milliseconds(20))
                before = harness.produced
                harness.loop.run(until: { !timer.isActive })
                quietTurns = harness.produced == before && before > 0 ? quietTurns + 1 : 0
            }
            timer.close()
            #expect(harness.produced < total / 2, "produced \(harness.produced) bytes that nobody reads")
            mayRead.set()
            harness.loop.run(until: { harness.produced == total })
            harness.client.close()
            #expect(harness.runUntilEnd() == .closed(code: 1000, reason: ""))
        }
        #expect(arrived.withLock { $0 == (total, true) })
    }

    @Test func muchBothWaysAtOnce() throws {
        let total = 32 << 20
        try withWebSocketPeer { peer in
            peer.accept()
            while let frame = peer.readFrame() {
                if frame.opcode == 8 { break }
                // In fragments, with pings between.
                let middle = frame.payload.count / 3
                peer.send(2, Array(frame.payload[..<middle]), isFinal: false)
                peer.send(9)
                peer.send(0, Array(frame.payload[middle...]))
            }
            peer.send(8, [3, 232])
            peer.waitForEnd()
        } _: { harness in
            var isWhole = true
            var position = 0
            harness.onProduce = { buffer in
                let count = min(buffer.count, total - harness.produced)
                Pattern.fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: harness.produced)
                return count
            }
            harness.onReceived = { bytes in
                isWhole = isWhole && bytes.withUnsafeBytes { Pattern.matches($0, at: position) }
                position += bytes.byteCount
            }
            harness.open()
            harness.loop.run(until: { position == total || harness.end != nil })
            #expect(position == total && isWhole)
            harness.client.close()
            #expect(harness.runUntilEnd() == .closed(code: 1000, reason: ""))
            #expect(harness.client.bytesOut >= UInt64(total) && harness.client.bytesIn >= UInt64(total))
        }
    }

    @Test func idleItDoesNotWake() throws {
        try withWebSocketPeer { peer in
            peer.accept()
            peer.waitForEnd()
        } _: { harness in
            harness.open()
            harness.runUntilOpen()
            let turns = harness.turns(in: .milliseconds(300))
            // The first may finish what opening left; one is the timer's.
            #expect(turns <= 3, "\(turns) turns in 300 ms")
        }
    }

    /// The delegate may do anything in any of its calls.
    @Test(arguments: ["opened", "received", "produce", "ended"], ["flush", "close", "abort", "all"])
    func anythingMayBeDoneInACall(place: String, deed: String) throws {
        try withWebSocketPeer { peer in
            peer.accept()
            peer.connection.send(WebSocketPeer.frame(2, Array("ab".utf8)) + WebSocketPeer.frame(9) + WebSocketPeer.frame(2, Array("cd".utf8)))
            peer.echo()
        } _: { harness in
            var isAborted = false
            var calls = 0
            func act() {
                #expect(!isAborted, "called after abort")
                calls += 1
                if deed != "close", deed != "abort" { harness.client.flush() }
                if deed == "close" || deed == "all" { harness.client.close() }
                if deed == "abort" || deed == "all" {
                    harness.client.abort()
                    isAborted = true
                }
                harness.client.flush()
            }
            harness.onOpened = { if place == "opened" { act() } }
            harness.onReceived = { _ in if place == "received" { act() } }
            harness.onEnded = { if place == "ended" { act() } }
            var messages = 2
            harness.onProduce = { buffer in
                if place == "produce" { act() }
                guard messages > 0 else { return 0 }
                messages -= 1
                buffer[0] = 7
                return 1
            }
            harness.open()
            harness.loop.run(until: { isAborted || harness.end != nil || harness.receivedBytes == 6 })
            if !isAborted, harness.end == nil {
                harness.client.close()
                harness.loop.run(until: { isAborted || harness.end != nil })
            }
            #expect(calls > 0)
            if !isAborted { #expect(harness.end == .closed(code: 1000, reason: "")) }
        }
    }

    /// In a process of its own, where nobody else opens descriptors.
    @Test func aThousandConnectionsLeakNothing() async {
        await #expect(processExitsWith: .success) {
            let peer = RawPeer { connection in
                let peer = WebSocketPeer(connection)
                let request = peer.readRequest()
                switch request.split(separator: " ").dropFirst().first {
                case "/refused": connection.send(RawPeer.response(401, body: "no"))
                case "/vanish": return
                default:
                    connection.send(WebSocketPeer.acceptance(of: request))
                    peer.send(9, [1])
                    peer.echo()
                }
            }
            try withLoop { loop in
                let multi = CurlMulti(loop)
                var descriptors = 0
                for number in 0..<1000 {
                    let path = ["echo", "refused", "vanish", "echo", "aborted"][number % 5]
                    let harness = try WebSocketHarness(loop, multi, WebSocketConfiguration(url: peer.url + path))
                    harness.toSend = [[1, 2, 3]]
                    harness.open()
                    if path == "aborted" {
                        harness.runUntilOpen()
                        harness.client.abort()
                    } else {
                        if path == "echo" {
                            harness.loop.run(until: { harness.receivedBytes == 3 || harness.end != nil })
                            harness.client.close()
                        }
                        harness.runUntilEnd()
                    }
                    if number == 10 { descriptors = openDescriptors() }
                }
                // The peer may be a connection behind.
                #expect(abs(openDescriptors() - descriptors) <= 1)
                var isClosed = false
                multi.close { isClosed = true }
                loop.run(until: { isClosed })
            }
            #expect(peer.connections == 1000)
        }
    }
}
