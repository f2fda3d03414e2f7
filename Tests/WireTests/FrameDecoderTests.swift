import TestSupport
import Testing

@testable import Wire

struct FrameDecoderTests {
    private static func decode(_ bytes: [UInt8]) -> FrameVerifier.Outcome {
        let verifier = FrameVerifier(streamBytesMax: bytes.count)
        return verifier.decode(bytes, firstReadEnd: bytes.count)
    }

    @Test func manyFramesOfBothTagsInOneRead() {
        let stream =
            FrameVerifier.frame(1, [1, 2]) + FrameVerifier.frame(2, []) + FrameVerifier.frame(1, []) + FrameVerifier.frame(2, [9])
        #expect(Self.decode(stream) == .init(
            frames: [
                .init(tag: .logs, payload: 4..<6), .init(tag: .message, payload: 10..<10), .init(tag: .logs, payload: 14..<14),
                .init(tag: .message, payload: 18..<19),
            ], end: .betweenFrames))
        #expect(FrameVerifier(streamBytesMax: stream.count).firstDifference(stream) == nil)
    }

    @Test func longestPayloadIs32768() {
        let longest = FrameVerifier.frame(2, [UInt8](repeating: 7, count: 32768))
        #expect(Self.decode(longest).frames == [.init(tag: .message, payload: 4..<32772)])
        let tooLong = FrameVerifier.frame(2, [UInt8](repeating: 7, count: 32769))
        #expect(Self.decode(tooLong) == .init(frames: [], end: .failed(.payloadTooLong(32769))))
        #expect(Self.decode([1, 0xFF, 0xFF, 0xFF]).end == .failed(.payloadTooLong(0xFF_FFFF)))
    }

    @Test(arguments: [0, 3, 4, 0x0A, 0xFF] as [UInt8])
    func unknownTagFails(tag: UInt8) {
        let good = FrameVerifier.frame(1, [5])
        #expect(Self.decode(good + FrameVerifier.frame(tag, []) + good)
            == .init(frames: [.init(tag: .logs, payload: 4..<5)], end: .failed(.unknownTag(tag))))
    }

    @Test func headerIsJudgedAtItsFourthByteAndFailureStays() {
        var decoder = FrameDecoder()
        var offset = 0
        let header: [UInt8] = [9, 0, 0, 1]
        #expect(decoder.next(in: header.span.bytes.extracting(first: 3), offset: &offset) == .needMoreBytes)
        #expect(decoder.next(in: header.span.bytes, offset: &offset) == .failed(.unknownTag(9)))
        let good = FrameVerifier.frame(1, [])
        offset = 0
        #expect(decoder.next(in: good.span.bytes, offset: &offset) == .failed(.unknownTag(9)))
        decoder.carry(good.span.bytes)
        #expect(decoder.carriedByteCount == 0)
        #expect(decoder.storageByteCount == 0)
    }

    @Test func endInsideAFrameShowsWhatIsCarried() {
        #expect(Self.decode([1, 0]).end == .insideFrame(2))
        #expect(Self.decode([1, 0, 0, 9, 1, 2]).end == .insideFrame(6))
    }

    @Test func longFramesInSmallReads() {
        let stream = (0..<3).flatMap { FrameVerifier.frame(2, [UInt8](repeating: $0, count: 32768)) }
        let verifier = FrameVerifier(streamBytesMax: stream.count)
        let whole = verifier.decode(stream, firstReadEnd: stream.count)
        #expect(whole.frames.count == 3)
        for readBytes in [777, 4096, 32771, 32772, 32773] {
            #expect(verifier.decode(stream, firstReadEnd: readBytes, readBytes: readBytes) == whole)
        }
    }

    /// `--overflow block` ends a read early: whole frames are carried, and more may come on top.
    @Test func carriesMoreThanOneFrame() {
        let stream = (0..<8).flatMap { FrameVerifier.frame(2, [UInt8](repeating: $0, count: 32768)) }
        var decoder = FrameDecoder()
        decoder.carry(stream.span.bytes.extracting(first: stream.count - 5))
        decoder.carry(stream.span.bytes.extracting(last: 5))
        #expect(decoder.carriedByteCount == stream.count)
        var buffer = [UInt8](repeating: 0, count: stream.count)
        let count = buffer.withUnsafeMutableBytes { decoder.takeCarried(into: $0) }
        #expect(count == stream.count)
        #expect(decoder.carriedByteCount == 0)
        #expect(buffer == stream)
    }

    @Test func largeStorageGoesWhenTheStreamIsBetweenFrames() {
        let frame = FrameVerifier.frame(2, [UInt8](repeating: 1, count: 20_000))
        var buffer = [UInt8](repeating: 0, count: 40_000)
        var decoder = FrameDecoder()
        decoder.carry(frame.span.bytes.extracting(first: 19_000))
        _ = buffer.withUnsafeMutableBytes { decoder.takeCarried(into: $0) }
        // Still inside the frame: the storage is about to be used again.
        #expect(decoder.storageByteCount >= 19_000)
        var offset = 0
        #expect(decoder.next(in: frame.span.bytes, offset: &offset) == .frame(.message, payload: 4..<20_004))
        #expect(decoder.next(in: frame.span.bytes, offset: &offset) == .needMoreBytes)
        #expect(decoder.storageByteCount == 0)
    }

    @Test func largeStorageGoesWhenLittleIsCarried() {
        let frame = FrameVerifier.frame(2, [UInt8](repeating: 1, count: 20_000))
        var buffer = [UInt8](repeating: 0, count: 40_000)
        var decoder = FrameDecoder()
        decoder.carry(frame.span.bytes)
        _ = buffer.withUnsafeMutableBytes { decoder.takeCarried(into: $0) }
        decoder.carry(frame.span.bytes.extracting(first: 3))
        #expect(decoder.carriedByteCount == 3)
        #expect(decoder.storageByteCount <= FrameDecoder.idleStorageBytesMax)
    }

    @Test func smallStorageStaysSoThatSteadyTrafficAllocatesNothing() {
        let frame = FrameVerifier.frame(2, [UInt8](repeating: 1, count: 1000))
        var buffer = [UInt8](repeating: 0, count: 2000)
        var decoder = FrameDecoder()
        decoder.carry(frame.span.bytes)
        let storage = decoder.storageByteCount
        for _ in 0..<10 {
            _ = buffer.withUnsafeMutableBytes { decoder.takeCarried(into: $0) }
            var offset = frame.count
            _ = decoder.next(in: frame.span.bytes, offset: &offset)
            #expect(decoder.storageByteCount == storage)
            decoder.carry(frame.span.bytes)
        }
        #expect(decoder.storageByteCount == storage)
    }
}
