import TestSupport
import Testing

@testable import Wire

struct AgentAPIYamuxTests {
    @Test func headersAreTwelveBytesBigEndian() throws {
        let header = YamuxHeader(.windowUpdate, [.syn, .fin], streamID: 0x01020304, length: 0xA0B0C0D0)
        let encoded = bytes(capacity: 12) { header.append(to: &$0) }
        #expect(encoded == [0, 1, 0, 5, 1, 2, 3, 4, 0xA0, 0xB0, 0xC0, 0xD0])
        #expect(try YamuxHeader(high: 0x0001_0005_0102_0304, low: 0xA0B0_C0D0) == header)
    }

    @Test func payloadComesInPiecesAndOnlyDataHasOne() throws {
        var reader = YamuxFrameReader()
        let stream = yamux(1, 2, stream: 1, length: 99) + yamuxData(3, [7, 8, 9]) + yamuxData(3, []) + yamux(2, 1, length: 5)
        var steps: [YamuxFrameReader.Step] = []
        for (first, end) in [(0, 26), (26, stream.count)] {
            var offset = first
            let available = stream.span.bytes.extracting(0..<end)
            while true {
                let step = try reader.next(in: available, offset: &offset)
                if step == .needMoreBytes { break }
                steps.append(step)
            }
            #expect(offset == end)
        }
        #expect(steps == [
            .header(YamuxHeader(.windowUpdate, .ack, streamID: 1, length: 99)), .header(YamuxHeader(.data, streamID: 3, length: 3)),
            .payload(24..<26, isLast: false), .payload(26..<27, isLast: true), .header(YamuxHeader(.data, streamID: 3, length: 0)),
            .header(YamuxHeader(.ping, .syn, length: 5)),
        ])
    }

    /// With a call in flight on stream 1.
    @Test(arguments: [
        (yamux(0, 0, stream: 1, length: 0).replacing(0, 1), .unsupportedVersion(1)),
        (Array("HTTP/1.1 400".utf8), .unsupportedVersion(0x48)),
        (yamux(4, 0, stream: 1, length: 0), .unknownFrameType(4)),
        (yamux(1, 1, stream: 2, length: 0), .streamOpenedByPeer(2)),
        (yamux(0, 1, stream: 1, length: 0), .streamOpenedByPeer(1)),
        (yamux(0, 0, stream: 0, length: 4), .streamNeverOpened(0)),
        (yamux(0, 0, stream: 2, length: 4), .streamNeverOpened(2)),
        (yamux(1, 0, stream: 3, length: 4), .streamNeverOpened(3)),
        (yamux(1, 8, stream: .max, length: 4), .streamNeverOpened(.max)),
        (yamux(0, 0, stream: 1, length: 262_145), .receiveWindowExceeded(stream: 1, length: 262_145, window: 262_144)),
        (yamux(0, 0, stream: 1, length: .max), .receiveWindowExceeded(stream: 1, length: .max, window: 262_144)),
        (yamux(3, 0, length: 1), .goAway(code: 1)),
        (yamux(3, 0, length: 2), .goAway(code: 2)),
        (yamux(3, 0, length: 77), .goAway(code: 77)),
    ] as [([UInt8], YamuxError)])
    func violationsEndTheSession(bytes: [UInt8], error: YamuxError) throws {
        let bench = SessionBench(inFlight: 2)
        try bench.begin(1, [1, 2, 3])
        _ = bench.produceAll()
        try bench.begin(2, [1, 2, 3])
        let events = bench.events(after: bytes)
        #expect(events == [
            .sessionFailed(.yamux(error)), .callFailed(CallID(1), .sessionEnded, sent: .message),
            .callFailed(CallID(2), .sessionEnded, sent: .nothing),
        ])
        // For good: nothing comes out, nothing goes in.
        #expect(bench.isEnded && !bench.hasOutput && bench.nextDeadline == nil)
        #expect(bench.events(after: goodAnswer(1)) == [])
        #expect(bench.produce() == [])
        #expect(throws: CallRefusal.sessionEnded) { try bench.begin(3, []) }
        #expect(!error.description.isEmpty && error.description.hasPrefix("yamux: "))
    }

    @Test func sendWindowMayReachButNotPassItsLargestValue() throws {
        let bench = SessionBench()
        try bench.begin(1, [])
        let sent = UInt32(bench.produceAll().count - 12)
        let window = 262_144 - sent
        #expect(bench.events(after: yamux(1, 0, stream: 1, length: .max - window)) == [])
        #expect(bench.events(after: yamux(1, 0, stream: 1, length: 1)).first
            == .sessionFailed(.yamux(.sendWindowOverflow(stream: 1, window: .max, increment: 1))))
    }

    @Test func pingsAreAnsweredAndAFloodOfThemIsBounded() {
        let bench = SessionBench()
        bench.receive(yamux(2, 1, length: 7) + yamux(2, 1, length: 0xFFFF_FFFF))
        #expect(bench.hasOutput)
        #expect(bench.produceAll() == yamux(2, 2, length: 7) + yamux(2, 2, length: 0xFFFF_FFFF))
        #expect(!bench.hasOutput)

        let flood = (0..<AgentSession.pingAnswersMax).flatMap { yamux(2, 1, length: UInt32($0)) }
        for _ in 0..<10 {
            #expect(bench.events(after: flood) == [])
            // In little messages too.
            #expect(bench.produceAll(31).count == flood.count)
        }
        #expect(bench.events(after: flood + yamux(2, 1, length: 1)) == [.sessionFailed(.yamux(.tooManyPings))])
    }

    @Test func unknownFlagsMeanNothing() throws {
        let bench = SessionBench()
        try bench.begin(1, [])
        _ = bench.produceAll()
        bench.receive(yamux(1, 0xFFF2, stream: 1, length: 0))
        #expect(bench.events(after: yamuxData(1, drpc(2, message: 1) + drpc(6, message: 2), flags: 0xFFF0)) == [.callSucceeded(CallID(1))])
    }

    @Test func receiveWindowIsHandedBackOnceHalfIsConsumed() throws {
        let bench = SessionBench()
        var left = 262_144
        for call in 1...40_000 as ClosedRange<UInt64> {
            try bench.begin(call, [])
            let frames = yamuxFrames(bench.produceAll())
            let updates = frames.filter { $0.type == 1 }
            bench.receive(yamux(1, 0, stream: 1, length: frames.reduce(0) { $0 + UInt32($1.payload.count) }))
            for update in updates {
                #expect(update.stream == 1 && update.flags == 0 && update.length >= 131_072 && update.length < 131_100)
                left += Int(update.length)
            }
            let answer = yamuxFrames(goodAnswer(1, call: call))
            left -= answer.reduce(0) { $0 + $1.payload.count }
            try #require(left > 100_000)
            #expect(bench.events(after: goodAnswer(1, call: call)) == [.callSucceeded(CallID(call))])
        }
        #expect(bench.statistics.streamsOpened == 1)
    }

    /// The reference drops frames for streams that it has closed; what they may bring is what their windows had left.
    @Test func framesForClosedStreamsAreDroppedWithinTheirWindows() throws {
        let bench = SessionBench()
        try bench.begin(1, [])
        _ = bench.produceAll()
        bench.receive(yamuxData(1, drpc(9, message: 1, [UInt8](repeating: 0, count: 996), control: true)))
        bench.session.cancel(CallID(1))
        #expect(bench.produceAll() == yamux(1, 8, stream: 1, length: 0))
        #expect(bench.events() == [.callFailed(CallID(1), .cancelled, sent: .message)])
        bench.receive(yamux(1, 2, stream: 1, length: 50) + yamux(1, 4, stream: 1, length: 0) + yamux(1, 4, stream: 1, length: 0))
        let left = 262_144 - 1001
        let half = [UInt8](repeating: 0xEE, count: left - 1)
        bench.receive(yamuxData(1, half) + yamuxData(1, [0xEE]) + yamuxData(1, []))
        #expect(bench.events() == [])
        #expect(bench.statistics.bytesDiscarded == UInt64(left))
        #expect(bench.events(after: yamuxData(1, [0]))
            == [.sessionFailed(.yamux(.tooMuchDataForClosedStreams(stream: 1, length: 1)))])
    }

    @Test func idsAreUsedUpInTheEnd() throws {
        let first = UInt32.max - 2 * 257 - 2
        let bench = SessionBench(inFlight: 2, firstStreamID: first)
        try bench.begin(1, [])
        #expect(yamuxFrames(bench.produceAll()).first?.stream == first)
        // The stream that is open serves on while it lasts.
        #expect(bench.events(after: goodAnswer(first)) == [.callSucceeded(CallID(1))])
        try bench.begin(2, [])
        _ = bench.produceAll()
        #expect(throws: CallRefusal.draining) { try bench.begin(3, []) }
        #expect(bench.isDraining)
        #expect(bench.events(after: goodAnswer(first, call: 2)) == [.callSucceeded(CallID(2)), .drained])
        #expect(throws: CallRefusal.draining) { try bench.begin(4, []) }
    }
}

extension [UInt8] {
    fileprivate func replacing(_ index: Int, _ byte: UInt8) -> [UInt8] {
        var copy = self
        copy[index] = byte
        return copy
    }
}
