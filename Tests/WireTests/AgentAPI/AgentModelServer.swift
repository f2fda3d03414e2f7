import TestSupport

@testable import Wire

/// The body of a call: its number, then bytes that follow from it.
func modelBody(_ number: UInt64, byteCount: Int) -> [UInt8] {
    var random = TestRandom(seed: number)
    var body = (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    while body.count < byteCount {
        let word = random.next()
        for shift in stride(from: 0 as UInt64, to: 64, by: 8) { body.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return Array(body.prefix(max(8, byteCount)))
}

/// A server that reads a client's bytes by the specifications alone, watches that the client keeps to them, and answers as chance has it.
struct AgentModelServer {
    /// What a call is answered with, once or before it is all there.
    enum Answer: CaseIterable { case good, goodInPieces, error, reset, finish, never }

    private struct Stream {
        var receiveWindow = 262_144
        /// Received and not handed back.
        var consumed = 0
        /// What we may send, as the client sees it.
        var sendWindow = 262_144
        var data: [UInt8] = []
        var calls: UInt64 = 0
        var isAnswered = true
        var isFinishedByClient = false
        var isFinished = false
    }

    private var streams: [UInt32: Stream] = [:]
    private var lastStreamID: UInt32 = 0
    private var pending: [(stream: UInt32, call: UInt64)] = []
    private var pings: [UInt32] = []
    private var pingAnswersDue: [UInt32] = []
    private var hasGoneAway = false

    /// What the client did against the rules.
    private(set) var faults: [String] = []
    /// Bodies received whole, by the number in them, how often.
    private(set) var received: [UInt64: Int] = [:]
    /// To be sent.
    var output: [UInt8] = []
    /// Hands back only a little window at a time.
    var trickles = false

    private mutating func fault(_ text: String) { faults.append(text) }

    // MARK: What the client sends

    /// One message, which holds whole frames.
    mutating func receive(_ message: [UInt8]) {
        let frames = yamuxFrames(message)
        if frames.reduce(0, { $0 + 12 + $1.payload.count }) != message.count { fault("a frame is cut by the end of its message") }
        for frame in frames {
            switch frame.type {
            case 0: takeData(frame.stream, frame.flags, frame.payload, length: Int(frame.length))
            case 1: takeWindowUpdate(frame.stream, frame.flags, Int(frame.length))
            case 2 where frame.flags == 1: pingAnswersDue.append(frame.length)
            case 2 where frame.flags == 2:
                if let index = pings.firstIndex(of: frame.length) { pings.remove(at: index) } else { fault("an answer to no ping") }
            default: fault("frame type \(frame.type), flags \(frame.flags)")
            }
        }
    }

    private mutating func takeData(_ id: UInt32, _ flags: UInt16, _ payload: [UInt8], length: Int) {
        if payload.count != length { fault("a payload is shorter than its header says") }
        if flags == 1 {
            if id % 2 == 0 || id <= lastStreamID { fault("stream \(id) opened after \(lastStreamID)") }
            lastStreamID = id
            streams[id] = Stream()
            output += yamux(1, 2, stream: id, length: 0)
        } else if flags != 0 {
            fault("flags \(flags) on data")
        }
        guard var stream = streams[id] else {
            // We may have ended it while this was under way.
            if id > lastStreamID { fault("data for stream \(id), never opened") }
            return
        }
        if stream.isFinishedByClient { fault("data after FIN") }
        if payload.isEmpty { fault("an empty data frame") }
        stream.receiveWindow -= payload.count
        if stream.receiveWindow < 0 { fault("\(-stream.receiveWindow) bytes over the window of stream \(id)") }
        stream.consumed += payload.count
        // Once we have finished the stream nobody reads it.
        if !stream.isFinished { stream.data += payload }
        streams[id] = stream
        takeRequest(id)
    }

    private mutating func takeWindowUpdate(_ id: UInt32, _ flags: UInt16, _ increment: Int) {
        if id > lastStreamID { return fault("a window update for stream \(id), never opened") }
        guard streams[id] != nil else { return }
        switch flags {
        case 0:
            streams[id]?.sendWindow += increment
            if streams[id]?.sendWindow ?? 0 > 262_144 { fault("more window than there is") }
        case 4:
            if streams[id]?.isAnswered == false { fault("FIN before the answer") }
            if streams[id]?.isFinishedByClient == true { fault("a second FIN") }
            streams[id]?.isFinishedByClient = true
            if streams[id]?.isFinished == true { streams[id] = nil } else { finish(id) }
        case 8:
            streams[id] = nil
            pending.removeAll { $0.stream == id }
        default: fault("flags \(flags) on a window update")
        }
    }

    /// A whole request: invoke, message in frames of 64 KiB, close send.
    private mutating func takeRequest(_ id: UInt32) {
        guard var stream = streams[id], !stream.data.isEmpty else { return }
        if stream.isAnswered {
            // The first bytes of the next call.
            stream.isAnswered = false
            stream.calls += 1
            streams[id] = stream
        }
        guard let (body, rest) = parse(stream.data, call: stream.calls) else { return }
        if !rest.isEmpty { fault("bytes after a request that is not answered") }
        streams[id]?.data = []
        let number = body.prefix(8).enumerated().reduce(0 as UInt64) { $0 | UInt64($1.element) << (UInt64($1.offset) * 8) }
        if body != modelBody(number, byteCount: body.count) { fault("the body of call \(number) is not intact") }
        received[number, default: 0] += 1
        pending.append((id, stream.calls))
    }

    private mutating func parse(_ data: [UInt8], call: UInt64) -> (body: [UInt8], rest: ArraySlice<UInt8>)? {
        var rest = data[...]
        let invoke = drpc(1, stream: call, message: 1, Array("/coder.agent.v2.Agent/ReportBoundaryLogs".utf8))
        guard rest.count >= invoke.count else { return nil }
        if !rest.starts(with: invoke) { fault("not an invoke of call \(call)") }
        rest = rest.dropFirst(invoke.count)
        var body: [UInt8] = []
        while true {
            guard let control = rest.first else { return nil }
            if control != 0x04, control != 0x05 { fault("control \(control) in a message"); return nil }
            rest = rest.dropFirst()
            let ids = varint(call) + varint(2)
            guard rest.count >= ids.count + 1 else { return nil }
            if !rest.starts(with: ids) { fault("the message has other ids") }
            rest = rest.dropFirst(ids.count)
            var length = 0
            var shift = 0
            while let byte = rest.first {
                rest = rest.dropFirst()
                length |= Int(byte & 0x7F) << shift
                shift += 7
                if byte < 0x80 {
                    shift = -1
                    break
                }
            }
            // The length itself is not all there.
            guard shift < 0 else { return nil }
            if length > 65_536 || control == 0x04 && length != 65_536 { fault("a frame of \(length) bytes") }
            guard rest.count >= length else { return nil }
            body += rest.prefix(length)
            rest = rest.dropFirst(length)
            if control == 0x05 { break }
        }
        let closeSend = drpc(6, stream: call, message: 3)
        guard rest.count >= closeSend.count else { return nil }
        if !rest.starts(with: closeSend) { fault("no close send") }
        return (body, rest.dropFirst(closeSend.count))
    }

    // MARK: What the server does

    private mutating func send(_ id: UInt32, _ data: [UInt8], flags: UInt16 = 0) {
        output += yamuxData(id, data, flags: flags)
        streams[id]?.sendWindow -= data.count
    }

    private mutating func finish(_ id: UInt32) {
        output += yamux(1, 4, stream: id, length: 0)
        streams[id]?.data = []
        if streams[id]?.isFinishedByClient == true { streams[id] = nil } else { streams[id]?.isFinished = true }
    }

    /// Answers one of the calls that wait.
    mutating func answer(_ random: inout TestRandom, _ answer: Answer) {
        guard !pending.isEmpty else { return }
        let (id, call) = pending.remove(at: random.below(pending.count))
        guard streams[id] != nil else { return }
        if answer != .never { streams[id]?.isAnswered = true }
        switch answer {
        case .good:
            send(id, drpc(2, stream: call, message: 1))
            send(id, drpc(6, stream: call, message: 2))
        case .goodInPieces:
            let data = drpc(2, stream: call, message: 1, [UInt8](repeating: 7, count: random.below(3000))) + drpc(6, stream: call, message: 2)
            let cut = random.below(data.count)
            send(id, Array(data[..<cut]))
            send(id, Array(data[cut...]))
        case .error:
            send(id, drpc(3, stream: call, message: 1, [0, 0, 0, 0, 0, 0, 0, 9] + [UInt8](repeating: 0x65, count: random.below(9000))))
        case .reset:
            output += yamux(1, 8, stream: id, length: 0)
            streams[id] = nil
        case .finish: finish(id)
        case .never: break
        }
    }

    /// Ends a stream whatever it is doing: idle, in the middle of a request, or with a call that waits.
    mutating func breakStream(_ random: inout TestRandom) {
        let ids = streams.keys.sorted()
        guard !ids.isEmpty else { return }
        let id = ids[random.below(ids.count)]
        guard streams[id]?.isFinished == false else { return }
        pending.removeAll { $0.stream == id }
        streams[id]?.isAnswered = true
        if random.once(in: 2) {
            output += yamux(1, 8, stream: id, length: 0)
            streams[id] = nil
        } else {
            finish(id)
        }
    }

    mutating func handBackWindows(_ random: inout TestRandom) {
        for id in streams.keys.sorted() {
            guard let stream = streams[id], stream.consumed > 0 else { continue }
            let increment = trickles ? 1 + random.below(min(stream.consumed, 3000)) : stream.consumed
            output += yamux(1, 0, stream: id, length: UInt32(increment))
            streams[id]?.consumed -= increment
            streams[id]?.receiveWindow += increment
        }
    }

    mutating func ping(_ random: inout TestRandom) {
        guard pings.count < 8 else { return }
        let value = UInt32(truncatingIfNeeded: random.next())
        pings.append(value)
        output += yamux(2, 1, length: value)
    }

    mutating func answerPings() {
        for value in pingAnswersDue { output += yamux(2, 2, length: value) }
        pingAnswersDue = []
    }

    mutating func goAway() {
        guard !hasGoneAway else { return }
        hasGoneAway = true
        output += yamux(3, 0, length: 0)
    }

    /// Calls that are all there and not answered.
    var waitingCount: Int { pending.count }
    var unansweredPings: Int { pings.count }
}
