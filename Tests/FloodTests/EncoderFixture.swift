import Testing
import Wire

@testable import Flood

/// Frames of one session, and their reading by the daemon's own decoder.
struct EncoderFixture {
    let encoder: MessageEncoder
    let variants: [RequestVariants.Variant]
    let session: SessionID

    init(urlBytes: Int, seed: UInt64 = 1) {
        encoder = MessageEncoder(urlBytes: urlBytes, seed: seed)
        variants = RequestVariants(urlBytes: urlBytes, seed: seed).variants
        var generator = SeededGenerator(seed: seed)
        session = SessionID(using: &generator)
    }

    func frame(tag: UInt8, firstSequence: Int32, logs: Int, time: UInt64 = 1_795_447_957_407_669_166) -> [UInt8] {
        build(tag: tag, firstSequence: firstSequence, logs: logs, time: time) { _, range in range }
    }

    func badFrame(_ kind: BadFrame, tag: UInt8, using generator: inout SeededGenerator) -> [UInt8] {
        build(tag: tag, firstSequence: BadFrame.firstSequence, logs: 3, time: 1_795_447_957_407_669_166) { buffer, range in
            kind.spoil(range, in: buffer, using: &generator)
        }
    }

    private func build(
        tag: UInt8, firstSequence: Int32, logs: Int, time: UInt64, finish: (UnsafeMutableRawBufferPointer, Range<Int>) -> Range<Int>
    ) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: MessageEncoder.bufferBytes + 32, alignment: 16)
        defer { buffer.deallocate() }
        let range = encoder.encode(
            tag: tag, trailer: MessageEncoder.trailer(session), firstSequence: firstSequence, logs: logs, time: time, into: buffer)
        return Array(buffer[finish(buffer, range)])
    }

    /// The frame's tag and inner request.
    func decode(_ frame: [UInt8]) throws -> (FrameTag, [UInt8]) {
        var decoder = FrameDecoder()
        var offset = 0
        guard case .frame(let tag, let range) = decoder.next(in: frame.span.bytes, offset: &offset) else {
            throw FloodError("not a whole frame")
        }
        let payload = Array(frame[range])
        #expect(offset == frame.count)
        guard case .logs(let request) = BoundaryScan.scan(tag, payload.span.bytes) else { throw FloodError("no logs") }
        var inner = [UInt8](repeating: 0, count: request.byteCount)
        inner.withUnsafeMutableBytes { BoundaryScan.copyRequest(request, of: payload.span.bytes, to: $0) }
        return (tag, inner)
    }

    func request(_ inner: [UInt8]) throws -> ScannedRequest {
        guard case .logs(let request) = BoundaryScan.scan(.logs, inner.span.bytes) else { throw FloodError("no logs") }
        return request
    }

    func logs(_ inner: [UInt8]) -> [LogView] {
        var reader = LogReader()
        var logs: [LogView] = []
        while let log = reader.next(in: inner.span.bytes) { logs.append(log) }
        return logs
    }

    func firstStep(_ frame: [UInt8]) -> FrameDecoder.Step {
        var decoder = FrameDecoder()
        var offset = 0
        return decoder.next(in: frame.span.bytes, offset: &offset)
    }
}
