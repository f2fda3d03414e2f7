import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Reporting

/// How open connections end.
@Suite(.timeLimit(.minutes(2))) struct WebSocketEndTests {
    @Test(arguments: [
        ([], nil, ""), ([3, 232], 1000, ""), ([3, 233] + Array("going\r\naway".utf8), 1001, "going away"), ([15, 160], 4000, ""),
    ] as [([UInt8], Int?, String)])
    func theServersCloseIsAnswered(payload: [UInt8], code: Int?, reason: String) throws {
        let answer = Mutex<[WebSocketPeer.Frame]>([])
        try withWebSocketPeer { peer in
            peer.accept()
            peer.connection.send(WebSocketPeer.frame(2, [1]) + WebSocketPeer.frame(8, payload) + WebSocketPeer.frame(2, [2]) + [0xFF, 0xFF])
            while let frame = peer.readFrame() { answer.withLock { $0.append(frame) } }
        } _: { harness in
            harness.open()
            #expect(harness.runUntilEnd() == .closed(code: code, reason: reason))
            #expect(harness.received == [1])
        }
        let frames = answer.withLock { $0 }
        #expect(frames.map(\.opcode) == [8])
        #expect(frames.first?.payload == Array(payload.prefix(2)))
    }

    @Test func ourCloseIsBounded() throws {
        try withWebSocketPeer {
            $0.closeTimeout = .milliseconds(50)
        } serving: { peer in
            peer.accept()
            peer.send(2, [1])
            // What comes before the server's close still counts.
            while let frame = peer.readFrame(), frame.opcode != 8 {}
            peer.send(2, [2])
            peer.waitForEnd()
        } _: { harness in
            harness.onReceived = { bytes in if bytes.unsafeLoad(as: UInt8.self) == 1 { harness.client.close() } }
            harness.open()
            #expect(harness.runUntilEnd() == .transport("the server did not answer the close within 0.05 seconds"))
            #expect(harness.receivedBytes == 2)
        }
    }

    @Test func aCloseBeforeTheOpeningIsOver() throws {
        try withWebSocketPeer { $0.waitForEnd() } _: { harness in
            harness.open()
            harness.loop.runOnce()
            harness.call { harness.client.close() }
            #expect(harness.runUntilEnd() == .closed(code: nil, reason: "closed before it was open"))
        }
    }

    @Test(arguments: [
        (WebSocketPeer.frame(1, Array("text".utf8)), 1003, "text message"), ([0x82, 0x80, 1, 2, 3, 4], 1002, "masked"),
        ([0xC2, 0x00], 1002, "reserved"), ([0x83, 0x00], 1002, "opcode 3"), (WebSocketPeer.frame(0), 1002, "continues"),
        ([0x89, 126, 0, 126], 1002, "invalid header"), ([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002, "invalid header"),
        (WebSocketPeer.frame(8, [3, 231]), 1002, "invalid code"), (WebSocketPeer.frame(8, [3, 232, 0xC0]), 1007, "UTF-8"),
    ] as [([UInt8], Int, String)])
    func aServerThatBreaksTheRulesIsToldSo(bytes: [UInt8], code: Int, text: String) throws {
        let told = Mutex<[WebSocketPeer.Frame]>([])
        try withWebSocketPeer { peer in
            peer.accept()
            peer.connection.send(bytes)
            while let frame = peer.readFrame() { told.withLock { $0.append(frame) } }
        } _: { harness in
            harness.open()
            guard case .protocolError(let error) = harness.runUntilEnd() else {
                Issue.record("\(String(describing: harness.end))")
                return
            }
            #expect(error.contains(text))
        }
        let frames = told.withLock { $0 }
        #expect(frames.map(\.opcode) == [8])
        #expect(frames.first?.payload == [UInt8(code >> 8), UInt8(code & 0xFF)])
    }

    @Test(arguments: [false, true]) func theServerVanishesInAFrame(byReset: Bool) throws {
        try withWebSocketPeer { peer in
            peer.accept()
            peer.connection.send([0x82, 126, 1, 0] + [UInt8](repeating: 9, count: 100))
            // Our answer tells that those have arrived.
            _ = peer.readFrame()
            if byReset { peer.connection.reset() }
        } _: { harness in
            harness.onReceived = { _ in
                harness.toSend = [[1]]
                harness.client.flush()
            }
            harness.open()
            let end = harness.runUntilEnd()
            if byReset, case .transport(let text)? = end {
                #expect(text.contains("reset"), "\(text)")
            } else {
                #expect(end == .endOfFile)
            }
        }
    }

    /// Writing into a connection that is gone is no signal, and what the server said before counts.
    @Test func theServerSaysWhyAndHangsUp() throws {
        let isGone = Flag()
        try withWebSocketPeer { peer in
            peer.accept()
            peer.send(8, [3, 233] + Array("restart".utf8))
            isGone.set()
        } _: { harness in
            harness.onOpened = {
                isGone.wait()
                harness.toSend = Array(repeating: [UInt8](repeating: 1, count: 32_000), count: 100)
            }
            harness.open()
            #expect(harness.runUntilEnd() == .closed(code: 1001, reason: "restart"))
        }
    }
}
