@testable import Wire

let reportMethod: StaticString = "/coder.agent.v2.Agent/ReportBoundaryLogs"

/// The bodies of a test's calls.
struct TestBodies: CallBodySource {
    var bodies: [CallID: [UInt8]] = [:]

    func append(_ range: Range<Int>, of call: CallID, to output: inout OutputRawSpan) {
        let body = bodies[call]!
        output.append(body.span.bytes, range)
    }
}

/// Bytes that `write` appends to a span of that capacity.
func bytes(capacity: Int, _ write: (inout OutputRawSpan) -> Void) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        let space = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: capacity)
        var output = OutputRawSpan(buffer: space, initializedCount: 0)
        write(&output)
        count = output.finalize(for: space)
    }
}

func yamux(_ type: UInt8, _ flags: UInt16 = 0, stream: UInt32 = 0, length: UInt32) -> [UInt8] {
    [0, type, UInt8(flags >> 8), UInt8(flags & 0xFF)] + bigEndian(stream) + bigEndian(length)
}

func yamuxData(_ stream: UInt32, _ payload: [UInt8], flags: UInt16 = 0) -> [UInt8] {
    yamux(0, flags, stream: stream, length: UInt32(payload.count)) + payload
}

func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
}

func varint(_ value: UInt64) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
}

func drpc(_ kind: UInt8, stream: UInt64 = 1, message: UInt64, _ data: [UInt8] = [], done: Bool = true, control: Bool = false) -> [UInt8] {
    [(control ? 0x80 : 0) | kind << 1 | (done ? 1 : 0)] + varint(stream) + varint(message) + varint(UInt64(data.count)) + data
}

/// The answer to a good call, as the reference sends it: message and close send, a yamux frame each.
func goodAnswer(_ stream: UInt32, call: UInt64 = 1) -> [UInt8] {
    yamuxData(stream, drpc(2, stream: call, message: 1)) + yamuxData(stream, drpc(6, stream: call, message: 2))
}

func rpcError(_ stream: UInt32, call: UInt64 = 1, code: UInt8, _ text: String) -> [UInt8] {
    yamuxData(stream, drpc(3, stream: call, message: 1, [0, 0, 0, 0, 0, 0, 0, code] + Array(text.utf8)))
}

/// A session, its calls' bodies, and what has come out of it.
final class SessionBench {
    var session: AgentSession
    var source = TestBodies()
    var now: Duration

    init(inFlight: Int = 1, firstStreamID: UInt32 = 1, now: Duration = .seconds(1000)) {
        var limits = AgentSessionLimits()
        limits.callsInFlightMax = inFlight
        session = AgentSession(limits: limits, now: now, firstStreamID: firstStreamID)
        self.now = now
    }

    var hasOutput: Bool { session.hasOutput }
    var isEnded: Bool { session.isEnded }
    var isDraining: Bool { session.isDraining }
    var statistics: AgentSessionStatistics { session.statistics }
    var nextDeadline: Duration? { session.nextDeadline }

    func begin(_ number: UInt64, _ body: [UInt8], method: StaticString = reportMethod) throws(CallRefusal) {
        source.bodies[CallID(number)] = body
        try session.begin(CallID(number), method: method, bodyByteCount: body.count, now: now)
    }

    /// One message.
    func produce(_ capacity: Int = 32_000) -> [UInt8] {
        bytes(capacity: capacity) { session.produce(into: &$0, from: source) }
    }

    /// All that can be written now.
    func produceAll(_ capacity: Int = 32_000) -> [UInt8] {
        var all: [UInt8] = []
        while session.hasOutput { all += produce(capacity) }
        return all
    }

    func receive(_ bytes: [UInt8]) { session.receive(bytes.span.bytes, now: now) }

    func advance(_ duration: Duration) {
        now += duration
        session.advance(now: now)
    }

    func events() -> [AgentEvent] {
        var events: [AgentEvent] = []
        while let event = session.nextEvent() { events.append(event) }
        return events
    }

    /// Receives and gives what came of it.
    func events(after bytes: [UInt8]) -> [AgentEvent] {
        receive(bytes)
        return events()
    }
}

/// Splits a client's bytes into yamux frames, by the specification and not by our reader.
func yamuxFrames(_ bytes: [UInt8]) -> [(type: UInt8, flags: UInt16, stream: UInt32, length: UInt32, payload: [UInt8])] {
    var frames: [(type: UInt8, flags: UInt16, stream: UInt32, length: UInt32, payload: [UInt8])] = []
    var rest = bytes[...]
    while rest.count >= 12 {
        let header = Array(rest.prefix(12))
        let length = header[8..<12].reduce(0) { $0 << 8 | UInt32($1) }
        let payloadBytes = header[1] == 0 ? Int(length) : 0
        rest = rest.dropFirst(12)
        frames.append((
            header[1], UInt16(header[2]) << 8 | UInt16(header[3]), header[4..<8].reduce(0) { $0 << 8 | UInt32($1) }, length,
            Array(rest.prefix(payloadBytes))))
        rest = rest.dropFirst(payloadBytes)
    }
    return frames
}
