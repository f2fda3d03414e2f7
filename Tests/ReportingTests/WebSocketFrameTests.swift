import TestSupport
import Testing

@testable import Reporting

/// Frames without a connection: what libwslay and our rules make of bytes in any split, and what we write.
@Suite struct WebSocketFrameTests {
    struct Reading: Equatable {
        var payload: [UInt8] = []
        var pings: [[UInt8]] = []
        var error: WebSocketProtocolError?
        var close: Int?
        var closeReason: String?
    }

    static func read(_ bytes: [UInt8], pieces: [Int] = []) -> Reading {
        let reader = WebSocketFrameReader()
        var reading = Reading()
        var start = 0
        for stop in pieces + [bytes.count] where stop > start {
            bytes[start..<stop].withUnsafeBytes { piece in
                reader.feed(piece)
                while true {
                    switch reader.next() {
                    case .needMoreBytes: return
                    case .payload(let payload): reading.payload.append(contentsOf: payload)
                    case .ping(let payload): reading.pings.append(Array(payload))
                    case .failed(let error):
                        reading.error = error
                        if case .failed(error) = reader.next() { return }
                        Issue.record("a failure did not stay")
                        return
                    case .closed(let code, let reason):
                        reading.close = code ?? 0
                        reading.closeReason = reason
                        return
                    }
                }
            }
            start = stop
        }
        return reading
    }

    /// RFC 6455, section 5.7.
    @Test func theExamplesOfTheRFC() {
        let hello = Array("Hello".utf8)
        #expect(Self.read([0x89, 0x05] + hello).pings == [hello])
        #expect(Self.read([0x81, 0x05] + hello).error == .text)
        #expect(Self.read([0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]).error == .masked)
        #expect(Self.read([0x02, 0x03] + hello[..<3] + [0x80, 0x02] + hello[3...]).payload == hello)
        for (head, count) in [([0x82, 0x7E, 0x01, 0x00], 256), ([0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0], 65536)] as [([UInt8], Int)] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            #expect(Self.read(head + payload).payload == payload)
        }
    }

    @Test func whatIsForbidden() {
        let frame = WebSocketPeer.frame
        for (bytes, error) in [
            (frame(1, [0x41], true), .text), (frame(1, [], false), .text),
            (frame(0, [0x41], true), .strayContinuation),
            (frame(2, [], false) + frame(2, [], true), .messageInsideMessage), (frame(2, [], false) + frame(1, [], true), .text),
            (frame(2, [], false) + frame(0, [], true) + frame(0, [], true), .strayContinuation),
            ([0xC2, 0x00], .reservedBits), ([0xA2, 0x00], .reservedBits), ([0x92, 0x01, 0x41], .reservedBits), ([0xD9, 0x00], .reservedBits),
            ([0x82, 0x80, 1, 2, 3, 4], .masked), ([0x89, 0x81, 1, 2, 3, 4, 5], .masked),
            (frame(3, [], true), .opcode(3)), (frame(7, [1], true), .opcode(7)),
            (frame(0xB, [], true), .opcode(11)), (frame(0xF, [1], true), .opcode(15)),
            // Control frames in fragments or too long.
            (frame(9, [], false), .framing), ([0x89, 126, 0, 126], .framing), ([0x88, 127], .framing),
            // Lengths that are not minimal or negative.
            ([0x82, 126, 0, 125], .framing), ([0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], .framing),
            ([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], .framing),
            (frame(8, [3], true), .closeCode), (frame(8, [0xC3, 0x28], true), .closeCode), (frame(8, [0, 0], true), .closeCode),
        ] as [([UInt8], WebSocketProtocolError)] {
            #expect(Self.read(bytes).error == error, "\(bytes)")
            #expect(Self.read(bytes, pieces: Array(1..<bytes.count)).error == error, "\(bytes)")
            // Within a message too, and nothing after it counts.
            #expect(Self.read(frame(2, [7], true) + frame(9, [8], true) + bytes + frame(2, [9], true)).error == error, "\(bytes)")
        }
    }

    @Test func closes() {
        func close(_ payload: [UInt8]) -> Reading { Self.read(WebSocketPeer.frame(8, payload) + WebSocketPeer.frame(2, [1])) }
        #expect(close([]) == Reading(close: 0, closeReason: ""))
        #expect(close([3, 232]) == Reading(close: 1000, closeReason: ""))
        #expect(close([3, 233] + Array("a\u{F6}\u{1F600}".utf8)) == Reading(close: 1001, closeReason: "a\u{F6}\u{1F600}"))
        #expect(close([3, 232, 0xFF]).error == .closeReason)
        let allowed = (0...65535).filter { close([UInt8($0 >> 8), UInt8($0 & 0xFF)]).error == nil }
        #expect(allowed == Array(1000...1003) + Array(1007...1014) + Array(3000...4999))
        // In the middle of a message.
        #expect(Self.read(WebSocketPeer.frame(2, [1], isFinal: false) + WebSocketPeer.frame(8, [3, 232])).close == 1000)
    }

    /// A length that no message has is only a promise.
    @Test func theLongestFrameCostsNothing() {
        let reading = Self.read([0x82, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 5, count: 100_000))
        #expect(reading.error == nil && reading.payload.count == 100_000)
    }

    @Test func tenThousandFragments() {
        var bytes = WebSocketPeer.frame(2, [0], isFinal: false)
        for number in 1..<10_000 {
            bytes += WebSocketPeer.frame(0, [UInt8(truncatingIfNeeded: number)], isFinal: false)
            if number % 100 == 0 { bytes += WebSocketPeer.frame(9, [1]) + WebSocketPeer.frame(0, [], isFinal: false) }
        }
        bytes += WebSocketPeer.frame(0)
        let reading = Self.read(bytes)
        #expect(reading.payload == (0..<10_000).map { UInt8(truncatingIfNeeded: $0) })
        #expect(reading.pings.count == 99 && reading.error == nil)
    }

    @Test func anySplitReadsTheSame() {
        let seed = TestSeed.current
        var random = TestRandom(seed: seed)
        for _ in 0..<60 {
            var bytes: [UInt8] = []
            var expected = Reading()
            var isInside = false
            for _ in 0..<1 + random.below(12) {
                let size = [0, 1, 2, 125, 126, 127, 300, 5000, 70_000][random.below(random.once(in: 8) ? 9 : 7)]
                let payload = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                switch random.below(5) {
                case 0:
                    let ping = Array(payload.prefix(125))
                    expected.pings.append(ping)
                    bytes += WebSocketPeer.frame(9, ping)
                case 1: bytes += WebSocketPeer.frame(10, Array(payload.prefix(125)))
                default:
                    let isFinal = random.once(in: 2)
                    bytes += WebSocketPeer.frame(isInside ? 0 : 2, payload, isFinal: isFinal)
                    expected.payload += payload
                    isInside = !isFinal
                }
            }
            #expect(Self.read(bytes) == expected, "seed \(seed)")
            if bytes.count < 3000 {
                for split in 0...bytes.count { #expect(Self.read(bytes, pieces: [split]) == expected, "seed \(seed), split at \(split)") }
                #expect(Self.read(bytes, pieces: Array(0..<bytes.count)) == expected, "seed \(seed), byte by byte")
            }
            let pieces = (0..<10).map { _ in random.below(bytes.count + 1) }.sorted()
            #expect(Self.read(bytes, pieces: pieces) == expected, "seed \(seed), in \(pieces)")
        }
    }

    // MARK: Writing

    /// As a server would read it.
    private func frames(_ bytes: [UInt8]) -> [(head: [UInt8], mask: [UInt8], payload: [UInt8])] {
        var rest = bytes[...]
        var frames: [(head: [UInt8], mask: [UInt8], payload: [UInt8])] = []
        func take(_ count: Int) -> [UInt8] {
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        while !rest.isEmpty {
            var head = take(2)
            var length = Int(head[1] & 0x7F)
            if length >= 126 {
                let more = take(length == 126 ? 2 : 8)
                head += more
                length = more.reduce(0) { $0 << 8 | Int($1) }
            }
            let mask = take(4)
            frames.append((head, mask, take(length).enumerated().map { $1 ^ mask[$0 & 3] }))
        }
        return frames
    }

    @Test func whatWeWriteIsMasked() {
        // RFC 6455, section 5.7, to be sure of the reading side.
        #expect(frames([0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]).map(\.payload) == [Array("Hello".utf8)])
        let writer = WebSocketFrameWriter(RandomBytes())
        var masks: [[UInt8]] = []
        for size in [0, 1, 125, 126, 4095, 4096, 4097, WebSocketFrameWriter.messageBytesMax] {
            let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 11) }
            let isWritten = payload.withUnsafeBytes { writer.write(.binary, $0) }
            #expect(isWritten)
            #expect(writer.pending.count <= 32 << 10)
            let written = frames(Array(writer.pending))
            #expect(written.map(\.payload) == [payload])
            #expect(written.first?.head[0] == 0x82)
            #expect(written.first?.head.count == (size < 126 ? 2 : 4))
            masks += written.map(\.mask)
            while !writer.isEmpty { writer.consume(min(1000, writer.pending.count)) }
        }
        #expect(Set(masks).count == masks.count)
    }

    /// Messages that are made where they are sent from, as many as there is room for; beside them there is room for control frames.
    @Test func messagesAreMadeInPlace() {
        let writer = WebSocketFrameWriter(RandomBytes())
        var payloads: [[UInt8]] = []
        for size in [125, 1, 126, WebSocketFrameWriter.messageBytesMax, 40, WebSocketFrameWriter.messageBytesMax, 7000] {
            guard let room = writer.roomForMessage else { break }
            #expect(room.count == WebSocketFrameWriter.messageBytesMax)
            let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ size) }
            room.copyBytes(from: payload)
            #expect(writer.writeMessage(size))
            payloads.append(payload)
        }
        #expect(payloads.count == 7)
        while let room = writer.roomForMessage {
            room.initializeMemory(as: UInt8.self, repeating: 9)
            #expect(writer.writeMessage(room.count))
            payloads.append([UInt8](repeating: 9, count: room.count))
        }
        let ping = [UInt8](repeating: 7, count: 125)
        #expect(ping.withUnsafeBytes { writer.write(.pong, $0) })
        #expect(writer.write(closeCode: 1000))
        let written = frames(Array(writer.pending))
        #expect(written.map(\.payload) == payloads + [ping, [3, 232]])
    }

    @Test func thereIsAlwaysRoomForControlFrames() {
        let writer = WebSocketFrameWriter(RandomBytes())
        let ping = [UInt8](repeating: 7, count: 125)
        let message = [UInt8](repeating: 8, count: WebSocketFrameWriter.messageBytesMax)
        #expect(ping.withUnsafeBytes { writer.write(.pong, $0) })
        #expect(message.withUnsafeBytes { writer.write(.binary, $0) })
        let start = writer.pending.baseAddress
        writer.consume(1)
        #expect(writer.write(closeCode: 1002))
        #expect(writer.pending.baseAddress == start.map { $0 + 1 }, "pending bytes were moved")
        let written = frames([0x8A] + Array(writer.pending))
        #expect(written.map { $0.head[0] } == [0x8A, 0x82, 0x88])
        #expect(written.map(\.payload) == [ping, message, [3, 234]])
        writer.consume(writer.pending.count)
        #expect(writer.write(closeCode: nil))
        #expect(frames(Array(writer.pending)).map(\.payload) == [[]])
    }

    /// More than are fetched at once; a generator that repeats itself would show.
    @Test func masksDoNotRepeat() {
        var random = RandomBytes()
        var seen: Set<[UInt8]> = []
        for _ in 0..<1000 {
            var bytes = [UInt8](repeating: 0, count: 12)
            let isFilled = bytes.withUnsafeMutableBytes { random.fill($0) }
            #expect(isFilled)
            seen.insert(bytes)
        }
        #expect(seen.count == 1000)
    }
}
