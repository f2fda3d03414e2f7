import TestSupport
import Testing

@testable import Wire

struct AgentAPIDRPCTests {
    private struct Outcome: Equatable {
        var packets: [DRPCPacket] = []
        var errorTexts: [String] = []
        var failure: DRPCError?
    }

    /// Reads `stream` in pieces of which the first ends at `firstEnd`, each further one after `step` bytes.
    private static func read(_ stream: [UInt8], firstEnd: Int, step: Int = .max) -> Outcome {
        var outcome = Outcome()
        var reader = DRPCPacketReader()
        var offset = 0
        var end = firstEnd
        while true {
            do throws(DRPCError) {
                while let packet = try reader.next(in: stream.span.bytes, offset: &offset, end: end) {
                    outcome.packets.append(packet)
                    if packet.kind == 3 { outcome.errorTexts.append("\(reader.errorContent())") }
                }
            } catch {
                outcome.failure = error
                return outcome
            }
            #expect(offset == end)
            if end == stream.count { return outcome }
            end = stream.count - end < step ? stream.count : end + step
        }
    }

    /// The same whatever the splits.
    private static func read(_ stream: [UInt8]) -> Outcome {
        let whole = read(stream, firstEnd: stream.count)
        for firstEnd in 0..<min(stream.count, 300) { #expect(read(stream, firstEnd: firstEnd) == whole, "split at \(firstEnd)") }
        #expect(read(stream, firstEnd: 0, step: 1) == whole)
        return whole
    }

    @Test func packetsAreGatheredOverFrames() {
        let outcome = Self.read(
            drpc(2, message: 1, [1, 2], done: false) + drpc(2, message: 1, [], done: false) + drpc(2, message: 1, [3]) + drpc(6, message: 2)
                + drpc(2, stream: 300, message: 70_000, [UInt8](repeating: 9, count: 300)))
        #expect(outcome == Outcome(packets: [
            DRPCPacket(kind: 2, isControl: false, stream: 1, message: 1, byteCount: 3),
            DRPCPacket(kind: 6, isControl: false, stream: 1, message: 2, byteCount: 0),
            DRPCPacket(kind: 2, isControl: false, stream: 300, message: 70_000, byteCount: 300),
        ]))
    }

    /// As in the reference's tests of its reader.
    @Test func aNewIDDiscardsAnUnfinishedPacketAndTheControlBitStays() {
        let outcome = Self.read(
            drpc(2, message: 1, [1], done: false) + drpc(5, message: 2) + drpc(2, message: 3, [2], done: false, control: true)
                + drpc(2, message: 3, [3]))
        #expect(outcome == Outcome(packets: [
            DRPCPacket(kind: 5, isControl: false, stream: 1, message: 2, byteCount: 0),
            DRPCPacket(kind: 2, isControl: true, stream: 1, message: 3, byteCount: 2),
        ]))
    }

    @Test(arguments: [
        (drpc(2, stream: 0, message: 1), .idNotRising(stream: 0, message: 1)),
        (drpc(2, stream: 1, message: 0), .idNotRising(stream: 1, message: 0)),
        (drpc(2, stream: 2, message: 0), .idNotRising(stream: 2, message: 0)),
        (drpc(2, message: 1) + drpc(2, message: 1), .idNotRising(stream: 1, message: 1)),
        (drpc(2, message: 5) + drpc(2, message: 4), .idNotRising(stream: 1, message: 4)),
        (drpc(2, stream: 3, message: 5) + drpc(2, stream: 2, message: 9), .idNotRising(stream: 2, message: 9)),
        (drpc(2, stream: .max, message: .max) + drpc(2, stream: .max, message: .max), .idNotRising(stream: .max, message: .max)),
        (drpc(2, message: 1, done: false) + drpc(5, message: 1), .kindChanged(from: 2, to: 5)),
        ([0x05, 1, 1] + [UInt8](repeating: 0x80, count: 10), .varintTooLong),
        ([0x05, 1, 1] + varint(.max), .packetTooLong(kind: 2, byteCount: .max)),
        ([0x05, 1, 1] + varint(65_537), .packetTooLong(kind: 2, byteCount: 65_537)),
        (drpc(2, message: 1, [1, 2], done: false) + [0x05, 1, 1] + varint(.max), .packetTooLong(kind: 2, byteCount: .max)),
        (drpc(6, message: 1, [1, 2], done: false) + [0x0D, 1, 1] + varint(65_535), .packetTooLong(kind: 6, byteCount: 65_537)),
        ([0x07, 1, 1] + varint(4_194_305), .packetTooLong(kind: 3, byteCount: 4_194_305)),
    ] as [([UInt8], DRPCError)])
    func violationsAreErrors(stream: [UInt8], error: DRPCError) {
        #expect(Self.read(stream).failure == error)
        #expect(error.description.hasPrefix("DRPC: "))
    }

    @Test func longestPacketsAreTaken() {
        let message = drpc(2, message: 1, [UInt8](repeating: 1, count: 65_536))
        #expect(Self.read(message).packets == [DRPCPacket(kind: 2, isControl: false, stream: 1, message: 1, byteCount: 65_536)])
        let half = [UInt8](repeating: 0x61, count: 2 << 20)
        let error = drpc(3, message: 1, half, done: false) + drpc(3, message: 1, half)
        #expect(Self.read(error, firstEnd: error.count).packets.map(\.byteCount) == [4 << 20])
    }

    @Test func errorTextIsKeptUpToItsBoundAndTheNextOneIsItsOwn() {
        let long = [UInt8](repeating: 0x61, count: 70_000)
        let code: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        let outcome = Self.read(
            drpc(3, message: 1, code + long) + drpc(3, message: 2, code + Array("ab".utf8)) + drpc(3, message: 3, [0x7A, 0xFF])
                + drpc(3, message: 4, [0, 0, 0], done: false) + drpc(3, message: 4, [0, 0, 0, 0, 9], done: false) + drpc(3, message: 4))
        #expect(outcome.errorTexts == [
            "(code: 72623859790382856, text: \"\(String(repeating: "a", count: 4096))\")",
            "(code: 72623859790382856, text: \"ab\")", "(code: 0, text: \"z\u{FFFD}\")", "(code: 9, text: \"\")",
        ])
    }

    // MARK: Requests

    private static func whole(_ body: [UInt8], stream: UInt64) -> [UInt8] {
        var frames = drpc(1, stream: stream, message: 1, Array("/coder.agent.v2.Agent/ReportBoundaryLogs".utf8))
        var rest = body[...]
        repeat {
            let piece = rest.prefix(65_536)
            rest = rest.dropFirst(piece.count)
            frames += drpc(2, stream: stream, message: 2, Array(piece), done: rest.isEmpty)
        } while !rest.isEmpty
        return frames + drpc(6, stream: stream, message: 3)
    }

    @Test(arguments: [0, 1, 127, 128, 65_535, 65_536, 65_537, 131_072, 131_073, 200_000, 4 << 20], [1, 127, 128, .max] as [UInt64])
    func requestsAreWrittenAsTheReferenceSplitsThem(bodyBytes: Int, stream: UInt64) {
        var random = TestRandom(seed: UInt64(bodyBytes) &+ stream)
        var source = TestBodies()
        source.bodies[CallID(1)] = (0..<bodyBytes).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let expected = Self.whole(source.bodies[CallID(1)]!, stream: stream)
        let layout = RequestLayout(method: reportMethod, bodyByteCount: bodyBytes, stream: stream)
        #expect(layout.byteCount == expected.count)
        #expect(layout.messageEnd == expected.count - drpc(6, stream: stream, message: 3).count)

        func range(_ range: Range<Int>) -> [UInt8] {
            bytes(capacity: range.count) { layout.append(range, of: CallID(1), from: source, to: &$0) }
        }
        #expect(range(0..<expected.count) == expected)
        // Any range is the same bytes: all short ones around every border, and others by chance.
        let borders = [0, 44, 50, 65_586, 65_592, 131_128, layout.messageEnd, expected.count].filter { $0 <= expected.count }
        for border in borders {
            for start in max(0, border - 12)..<min(expected.count, border + 12) {
                let length = min(expected.count - start, 1 + random.below(30))
                #expect(range(start..<start + length) == Array(expected[start..<start + length]))
            }
        }
        for _ in 0..<50 {
            let start = random.below(expected.count)
            let end = start + 1 + random.below(expected.count - start)
            #expect(range(start..<end) == Array(expected[start..<end]))
        }
    }
}
