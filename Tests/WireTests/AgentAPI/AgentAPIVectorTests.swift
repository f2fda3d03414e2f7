import Foundation
import Testing

@testable import Wire

/// A recording of the reference client against the reference server (hashicorp/yamux 0.1.2, storj.io/drpc 0.0.34).
struct AgentAPIVectorTests {
    private struct Recorded {
        var step: String
        var isClient: Bool
        /// The payload, or only its beginning.
        var head: [UInt8]
        var byteCount: Int
    }

    private static func recording() throws -> [Recorded] {
        let url = try #require(Bundle.module.url(forResource: "Vectors", withExtension: nil))
        let text = try String(contentsOf: url.appending(path: "agent-api-exchange.jsonl"), encoding: .utf8)
        return try text.split(separator: "\n").compactMap { line in
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            guard object["opcode"] as? Int == 2 else { return nil }
            let head = try unhex(#require(object["payload"] as? String ?? object["payload_head"] as? String))
            return Recorded(
                step: String(try #require(object["step"] as? String)), isClient: object["sender"] as? String == "client", head: head,
                byteCount: object["payload_bytes"] as? Int ?? head.count)
        }
    }

    private static func unhex(_ hex: String) throws -> [UInt8] {
        let digits = Array(hex.utf8)
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
        }
    }

    private static func of(_ step: String, client: Bool) throws -> [Recorded] {
        try recording().filter { $0.step.hasPrefix("STEP \(step) ") && $0.isClient == client }
    }

    /// What the client wrote on the one stream of a step: its id, and the pieces of its data, by their offsets.
    private static func requestStream(_ step: String) throws -> (id: UInt32, byteCount: Int, pieces: [(offset: Int, head: [UInt8])]) {
        var pieces: [(offset: Int, head: [UInt8])] = []
        var offset = 0
        var id: UInt32 = 0
        var isPayload = false
        for message in try of(step, client: true) {
            if !isPayload {
                let frame = try #require(yamuxFrames(message.head).first)
                id = frame.stream
                isPayload = frame.type == 0
            } else {
                pieces.append((offset, message.head))
                offset += message.byteCount
                isPayload = false
            }
        }
        return (id, offset, pieces)
    }

    @Test func everyClientHeaderIsWrittenByteForByte() throws {
        var headers = 0
        for message in try Self.recording() where message.head.count == 12 && message.head[0] == 0 && message.head[1] < 4 {
            let header = try YamuxHeader(
                high: message.head[..<8].reduce(0) { $0 << 8 | UInt64($1) }, low: message.head[8...].reduce(0) { $0 << 8 | UInt32($1) })
            #expect(bytes(capacity: 12) { header.append(to: &$0) } == message.head)
            headers += 1
        }
        #expect(headers == 80)
    }

    /// Invoke, message and close send of every call, the 600 kB one included, whose frames are where the reference put them.
    @Test(arguments: ["1", "2", "3", "4", "5", "6", "7", "7b"])
    func everyRequestIsWrittenByteForByte(step: String) throws {
        let stream = try Self.requestStream(step)
        let method: StaticString = step == "4" ? "/coder.agent.v2.Agent/Nope" : reportMethod
        // After the answer the reference closes the call, which we leave out.
        let close: [UInt8] = [0x0B, 1, 4, 0]
        let closed = stream.pieces.last?.head == close
        let byteCount = stream.byteCount - (closed ? close.count : 0)
        let (body, bodyByteCount) = Self.body(stream.pieces, byteCount, methodBytes: method.utf8CodeUnitCount)
        var source = TestBodies()
        source.bodies[CallID(1)] = body
        let layout = RequestLayout(method: method, bodyByteCount: bodyByteCount, stream: 1)
        try #require(layout.byteCount == byteCount)
        let written = bytes(capacity: byteCount) { layout.append(0..<byteCount, of: CallID(1), from: source, to: &$0) }
        for piece in stream.pieces where piece.offset < byteCount {
            #expect(written[piece.offset..<piece.offset + piece.head.count] == piece.head[...])
        }
        if closed {
            let header = DRPCFrameHeader(kind: DRPCKind.close, isDone: true, stream: 1, message: 4, length: 0)
            #expect(bytes(capacity: 4) { header.append(0..<header.byteCount, to: &$0) } == close)
        }
    }

    /// The body that a request of that size carries: what was recorded of its beginning; the rest of the large one is all `z`.
    private static func body(_ pieces: [(offset: Int, head: [UInt8])], _ byteCount: Int, methodBytes: Int) -> ([UInt8], Int) {
        let invokeBytes = 4 + methodBytes
        let first = pieces[0].head.dropFirst(invokeBytes)
        let afterInvoke = byteCount - invokeBytes - 4
        // Full frames have headers of six bytes, the last one's depends on what is left.
        let fullFrames = (afterInvoke - 1) / 65_542
        let rest = afterInvoke - fullFrames * 65_542
        let lastHeader = rest < 132 ? 4 : rest < 16_389 ? 5 : 6
        let count = fullFrames * 65_536 + rest - lastHeader
        let firstHeader = fullFrames > 0 ? 6 : lastHeader
        let known = first.dropFirst(firstHeader).prefix(count)
        return (known + [UInt8](repeating: 0x7A, count: count - known.count), count)
    }

    private static let outcomes: [(step: String, events: [AgentEvent])] = [
        ("1", [.callSucceeded(CallID(1))]), ("2", [.callSucceeded(CallID(2))]),
        ("3", [.callFailed(CallID(3), .rpc(code: 3, text: "bad thing"), sent: .message)]),
        ("4", [.callFailed(CallID(4), .rpc(code: 0, text: #"protocol error: unknown rpc: "/coder.agent.v2.Agent/Nope""#), sent: .message)]),
        ("5", [.callFailed(CallID(5), .rpc(code: 0, text: "proto: cannot parse invalid wire-format data"), sent: .message)]),
        ("6", [.callSucceeded(CallID(6))]), ("7", [.callFailed(CallID(7), .cancelled, sent: .message)]),
        ("7b", [.callSucceeded(CallID(8))]), ("8", []), ("9", [.goAwayReceived, .drained]),
    ]

    /// The whole recording, step by step against one session: each call meets what the server sent then, in reads that end where `split` says.
    private static func replay(_ recording: [Recorded], splitBytes: Int, firstSplit: Int) throws -> [UInt32] {
        let bench = SessionBench()
        var streams: [UInt32] = []
        for (number, outcome) in outcomes.enumerated() {
            let server = recording.filter { $0.step.hasPrefix("STEP \(outcome.step) ") && !$0.isClient }.map(\.head)
            let size = outcome.step == "6" ? 605_836 : 92
            if number < 8 { try bench.begin(UInt64(number + 1), [UInt8](repeating: 1, count: size)) }
            let before = yamuxFrames(bench.produceAll())
            streams += before.filter { $0.flags & 1 == 1 && $0.type == 0 }.map(\.stream)
            if outcome.step == "7" {
                // Given up where the reference client does; it sends FIN, and what the server sends then is for a closed stream.
                bench.session.cancel(CallID(7))
                #expect(bench.produceAll() == yamux(1, 8, stream: 13, length: 0))
            }
            var events: [AgentEvent] = bench.events()
            var answers: [UInt8] = []
            // The large request is only all written when the server has handed back window three times.
            for part in outcome.step == "6" ? [server[..<4], server[4...]] : [server[...]] {
                let part = part.flatMap(\.self)
                var start = 0
                var end = min(firstSplit, part.count)
                while true {
                    bench.receive(Array(part[start..<end]))
                    answers += bench.produceAll()
                    events += bench.events()
                    if end == part.count { break }
                    start = end
                    end = min(part.count, end + splitBytes)
                }
            }
            #expect(events == outcome.events, "step \(outcome.step), split at \(firstSplit)")
            if outcome.step == "8" {
                let expected = recording.filter { $0.step.hasPrefix("STEP 8 ") && $0.isClient && $0.head[3] == 2 }.flatMap(\.head)
                #expect(answers == expected)
            }
        }
        #expect(!bench.isEnded && bench.session.callsInFlight == 0)
        return streams
    }

    /// The server's bytes are those of eight streams, as many as the reference client opened: the session must open them at the same places.
    @Test func theRecordingMeansTheSameInAnySplit() throws {
        let recording = try Self.recording()
        let longest = 250
        for split in 0..<longest { #expect(try Self.replay(recording, splitBytes: .max / 2, firstSplit: split) == [1, 3, 5, 7, 9, 11, 13, 15]) }
        for bytes in [1, 2, 3, 5, 11, 12, 13] { _ = try Self.replay(recording, splitBytes: bytes, firstSplit: bytes) }
    }

    @Test func keepAlivePingsAreTheRecordedOnes() throws {
        let bench = SessionBench()
        let recorded = try Self.of("8", client: true).filter { $0.head[3] == 1 }.flatMap(\.head)
        bench.advance(.seconds(30))
        #expect(bench.produceAll() == recorded)
        for message in try Self.of("8", client: false) { bench.receive(message.head) }
        #expect(bench.nextDeadline == bench.now + .seconds(30))
        #expect(bench.produceAll() == (try Self.of("8", client: true)).filter { $0.head[3] == 2 }.flatMap(\.head))
    }
}
