import Glibc
import Wire

/// Feeds a byte stream to `FrameDecoder` in reads of any size, by the carry protocol that connections use.
///
/// What the decoder yields may not depend on where the reads are split: `firstDifference` tries every place.
public struct FrameVerifier: ~Copyable {
    public struct Frame: Equatable, Sendable {
        public var tag: FrameTag
        /// Where the payload lies in the stream.
        public var payload: Range<Int>

        public init(tag: FrameTag, payload: Range<Int>) {
            self.tag = tag
            self.payload = payload
        }
    }

    public enum End: Equatable, Sendable {
        case betweenFrames
        /// Bytes of an incomplete frame at the end of the stream.
        case insideFrame(Int)
        case failed(FramingError)
        /// A fault of the decoder: a frame's bytes were not those of the stream, or a failure did not stay.
        case inconsistent
    }

    public struct Outcome: Equatable, Sendable {
        public var frames: [Frame]
        public var end: End

        public init(frames: [Frame], end: End) {
            self.frames = frames
            self.end = end
        }
    }

    private let buffer: UnsafeMutableRawPointer

    /// - Parameter streamBytesMax: the longest stream that will be fed.
    public init(streamBytesMax: Int) {
        buffer = .allocate(byteCount: streamBytesMax + 1, alignment: 8)
    }

    deinit { buffer.deallocate() }

    /// Decodes `stream`: the first read ends at `firstReadEnd`, each further one brings at most `readBytes`.
    public func decode(_ stream: [UInt8], firstReadEnd: Int, readBytes: Int = .max) -> Outcome {
        var outcome = Outcome(frames: [], end: .betweenFrames)
        var decoder = FrameDecoder()
        stream.withUnsafeBytes { source in
            var readStart = 0
            var readEnd = firstReadEnd
            while read(source, readStart, readEnd, &decoder, &outcome), readEnd < source.count {
                readStart = readEnd
                readEnd = source.count - readEnd < readBytes ? source.count : readEnd + readBytes
            }
        }
        if outcome.end == .betweenFrames, decoder.carriedByteCount > 0 { outcome.end = .insideFrame(decoder.carriedByteCount) }
        return outcome
    }

    /// One read: carried bytes in front, new ones behind, frames out, the rest carried. False when the stream has failed.
    private func read(
        _ source: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ decoder: inout FrameDecoder, _ outcome: inout Outcome
    ) -> Bool {
        let carried = decoder.takeCarried(into: UnsafeMutableRawBufferPointer(start: buffer, count: decoder.carriedByteCount))
        let count = carried + end - start
        if end > start { memcpy(buffer + carried, source.baseAddress! + start, end - start) }
        let bytes = UnsafeRawBufferPointer(start: buffer, count: count).bytes
        var offset = 0
        while true {
            switch decoder.next(in: bytes, offset: &offset) {
            case .frame(let tag, let payload):
                let inStream = start - carried + payload.lowerBound
                let length = payload.upperBound - payload.lowerBound
                if length > 0, memcmp(source.baseAddress! + inStream, buffer + payload.lowerBound, length) != 0 {
                    outcome.end = .inconsistent
                    return false
                }
                outcome.frames.append(Frame(tag: tag, payload: inStream..<inStream + length))
            case .needMoreBytes:
                if offset < count { decoder.carry(UnsafeRawBufferPointer(start: buffer + offset, count: count - offset).bytes) }
                return true
            case .failed(let error):
                outcome.end = decoder.next(in: bytes, offset: &offset) == .failed(error) ? .failed(error) : .inconsistent
                return false
            }
        }
    }

    /// Decodes `stream` whole, split in two at every byte, and byte by byte.
    /// - Returns: nil when all agree, else what was tried and what came out.
    public func firstDifference(_ stream: [UInt8]) -> String? {
        let whole = decode(stream, firstReadEnd: stream.count)
        if whole.end == .inconsistent { return "whole: \(whole)" }
        var split = 1
        while split < stream.count {
            let outcome = decode(stream, firstReadEnd: split)
            if outcome != whole { return "split at \(split): \(outcome), whole: \(whole)" }
            split += 1
        }
        let bytewise = decode(stream, firstReadEnd: min(1, stream.count), readBytes: 1)
        return bytewise == whole ? nil : "byte by byte: \(bytewise), whole: \(whole)"
    }

    /// A frame as boundary writes it.
    public static func frame(_ tag: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length = payload.count
        return [tag, UInt8(length >> 16 & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF)] + payload
    }
}
