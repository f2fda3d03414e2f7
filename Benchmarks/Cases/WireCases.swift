import Wire

extension BenchmarkCase {
    private static var messageCount: Int { 16 }
    private static var logsPerRound: Int { messageCount * Messages.logsPerMessage }

    static let wire = [
        BenchmarkCase(name: "frame-decode", operation: "frame", operationsPerRound: FrameDecoding.frameCount, rounds: 2_000) { FrameDecoding() },
        scan("scan-60", urlBytes: 60),
        scan("scan-150", urlBytes: 150),
        scan("scan-600", urlBytes: 600),
        BenchmarkCase(name: "ndjson-150", operation: "log", operationsPerRound: logsPerRound, rounds: 100) {
            LineWriting(Messages(count: messageCount, urlBytes: 150))
        },
        BenchmarkCase(name: "otlp-150", operation: "log", operationsPerRound: logsPerRound, rounds: 100) {
            RecordWriting(.protobuf, Messages(count: messageCount, urlBytes: 150))
        },
        BenchmarkCase(name: "otlp-json-150", operation: "log", operationsPerRound: logsPerRound, rounds: 100) {
            RecordWriting(.json, Messages(count: messageCount, urlBytes: 150))
        },
    ]

    private static func scan(_ name: String, urlBytes: Int) -> BenchmarkCase {
        BenchmarkCase(name: name, operation: "log", operationsPerRound: logsPerRound, rounds: 400) {
            Scanning(Messages(count: messageCount, urlBytes: urlBytes))
        }
    }
}

/// A steady stream, in reads that end anywhere in a frame, as a connection decodes it: with what is carried from one read to the next.
private final class FrameDecoding: BenchmarkRun {
    static var frameCount: Int { 64 }
    /// Some 3.6 frames.
    private static var readBytes: Int { 8000 }

    private let stream: UnsafeMutableRawBufferPointer
    private var decoder = FrameDecoder()

    init() {
        var bytes: [UInt8] = []
        for message in Messages(count: Self.frameCount, urlBytes: 150).all {
            let count = message.payload.count
            bytes += [FrameTag.message.rawValue, UInt8(count >> 16), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)]
            bytes += message.payload
        }
        stream = .allocate(byteCount: bytes.count, alignment: 16)
        stream.copyBytes(from: bytes)
    }

    deinit { stream.deallocate() }

    func round() {
        var frames = 0
        var start = 0
        while start < stream.count {
            let end = min(start + Self.readBytes, stream.count)
            // What is carried lies in front of what is read already: it is copied onto itself, and nothing else is copied for the benchmark's sake.
            let carried = decoder.carriedByteCount
            _ = decoder.takeCarried(into: UnsafeMutableRawBufferPointer(rebasing: stream[(start - carried)...]))
            frames += decode(UnsafeRawBufferPointer(rebasing: stream[(start - carried)..<end]).bytes)
            start = end
        }
        precondition(frames == Self.frameCount)
    }

    private func decode(_ bytes: RawSpan) -> Int {
        var offset = 0
        var frames = 0
        while true {
            switch decoder.next(in: bytes, offset: &offset) {
            case .frame: frames += 1
            case .needMoreBytes:
                decoder.carry(bytes.extracting(offset..<bytes.byteCount))
                return frames
            case .failed: preconditionFailure("a frame that is none")
            }
        }
    }
}

/// The look that every payload gets.
private final class Scanning: BenchmarkRun {
    private let messages: Messages

    init(_ messages: Messages) { self.messages = messages }

    func round() {
        for message in messages.all {
            guard case .logs(let scanned) = BoundaryScan.scan(.message, message.payload.bytes), scanned.logCount == Messages.logsPerMessage else {
                preconditionFailure("a message that is none")
            }
        }
    }
}

/// A body of JSON lines.
private final class LineWriting: BenchmarkRun {
    private let messages: Messages
    private var lines: [UInt8] = []

    init(_ messages: Messages) { self.messages = messages }

    func round() {
        lines.removeAll(keepingCapacity: true)
        for message in messages.all {
            NDJSON.append(
                message.request.bytes, sessionID: message.scanned.sessionID, processName: message.scanned.processName, logs: nil, to: &lines)
        }
        precondition(lines.count > messages.all.count * Messages.logsPerMessage * 150)
    }
}

private final class RecordWriting: BenchmarkRun {
    private let encoder: OTLPRequestEncoder
    private let messages: Messages
    private var body: [UInt8] = []

    init(_ format: OTLPRequestEncoder.Format, _ messages: Messages) {
        encoder = OTLPRequestEncoder(format: format, resource: [("service.name", "boundary-log-proxy")], version: "1")
        self.messages = messages
    }

    func round() {
        body.removeAll(keepingCapacity: true)
        encoder.begin(&body)
        var count = 0
        for message in messages.all {
            count += encoder.append(
                message.request.bytes, sessionID: message.scanned.sessionID, processName: message.scanned.processName, logs: nil,
                observed: 1_795_447_957_000_000_000, isFirst: count == 0, to: &body)
        }
        encoder.end(&body, start: 0)
        precondition(count == messages.all.count * Messages.logsPerMessage)
    }
}
