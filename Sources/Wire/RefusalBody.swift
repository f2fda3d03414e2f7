/// The body of a refusal, as much of it as is worth keeping: by its length, by chunks, or to the end of the connection.
/// RFC 9112, sections 6 and 7.1.
struct RefusalBody: Sendable {
    /// A chunk's size line, with its extensions.
    private static let chunkLineBytesMax = 256

    private enum Framing {
        case toTheEnd
        /// Bytes to come.
        case length(Int)
        /// The digits so far.
        case chunkSize([UInt8])
        case chunk(Int)
        /// CR LF after a chunk: bytes to come.
        case chunkEnd(Int)
        case complete
    }

    private(set) var refusal: UpgradeRefusal
    private var framing: Framing

    init(_ head: UpgradeResponseHead) {
        refusal = UpgradeRefusal(
            status: head.status, retryAfter: head.text("retry-after"), location: head.text("location"), body: [], isCut: false)
        switch (head.status, head.isChunked, head.contentLength) {
        case (204, _, _), (304, _, _), (_, false, 0): framing = .complete
        case (_, true, _): framing = .chunkSize([])
        case (_, _, let length?): framing = .length(length)
        case (_, _, nil): framing = .toTheEnd
        }
    }

    /// As far as it came.
    var unfinished: UpgradeRefusal {
        guard case .toTheEnd = framing else {
            var cut = refusal
            cut.isCut = !isComplete || refusal.isCut
            return cut
        }
        return refusal
    }

    var isComplete: Bool { if case .complete = framing { true } else { false } }

    mutating func receive(_ bytes: RawSpan, offset: inout Int) {
        while offset < bytes.byteCount, !isComplete {
            take(bytes.byte(at: offset))
            offset += 1
        }
    }

    private mutating func take(_ byte: UInt8) {
        switch framing {
        case .complete: break
        case .toTheEnd: keep(byte)
        case .length(let rest):
            framing = rest > 1 ? .length(rest - 1) : .complete
            keep(byte, isLast: rest == 1)
        case .chunkSize(let line) where byte == UInt8(ascii: "\n"): framing = Self.chunk(line)
        case .chunkSize(let line): framing = line.count < Self.chunkLineBytesMax ? .chunkSize(line + [byte]) : .complete
        case .chunk(let rest):
            framing = rest > 1 ? .chunk(rest - 1) : .chunkEnd(2)
            keep(byte)
        case .chunkEnd(let rest): framing = rest > 1 ? .chunkEnd(rest - 1) : .chunkSize([])
        }
    }

    /// What is not a size ends the body, as does the last chunk; trailers are of no use.
    private static func chunk(_ line: [UInt8]) -> Framing {
        let digits = line.prefix { Character(Unicode.Scalar($0)).isHexDigit }
        guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size > 0 else { return .complete }
        return .chunk(size)
    }

    private mutating func keep(_ byte: UInt8, isLast: Bool = false) {
        refusal.body.append(byte)
        guard refusal.body.count == UpgradeReader.bodyBytesMax, !isLast else { return }
        refusal.isCut = true
        framing = .complete
    }
}
