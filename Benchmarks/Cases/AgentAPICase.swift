import Reporting
import Wire

extension BenchmarkCase {
    static let agentAPI = BenchmarkCase(
        name: "agent-api", operation: "log", operationsPerRound: AgentCalling.batchCount * Messages.logsPerMessage, rounds: 400
    ) { AgentCalling() }
}

/// A call of coderd's agent API from its begin to its answer: its yamux and DRPC frames, in messages of a WebSocket's size.
private final class AgentCalling: BenchmarkRun {
    /// Of one call: 140 KB or so.
    static var batchCount: Int { 64 }

    private let messages = Messages(count: batchCount, urlBytes: 150)
    private let pieces: [UnsafeRawBufferPointer]
    private let bodyBytes: Int
    private let bodies = CallBodies()
    private var session = AgentSession(limits: AgentSessionLimits(), now: .zero)
    private let message = UnsafeMutableRawBufferPointer.allocate(byteCount: WebSocketFrameWriter.messageBytesMax, alignment: 16)
    private var calls: UInt64 = 0

    init() {
        pieces = messages.all.map(\.request)
        bodyBytes = pieces.reduce(0) { $0 + $1.count }
    }

    deinit { message.deallocate() }

    func round() {
        calls += 1
        let call = CallID(calls)
        guard (try? session.begin(call, method: AgentAPI.reportBoundaryLogs, bodyByteCount: bodyBytes, now: .zero)) != nil else {
            preconditionFailure("refused")
        }
        bodies.add(pieces, for: call)
        var bytes = 0
        while session.hasOutput {
            var output = OutputRawSpan(buffer: message, initializedCount: 0)
            session.produce(into: &output, from: bodies)
            bytes += output.finalize(for: message)
        }
        answer(UInt32(bytes))
        guard case .callSucceeded(call) = session.nextEvent() else { preconditionFailure("no answer") }
        bodies.remove(call)
    }

    /// As the reference answers: a window update for what it has read, an empty message and a close send.
    private func answer(_ bytesRead: UInt32) {
        let answer = frame(1, length: bytesRead) + packet(2, message: 1) + packet(6, message: 2)
        session.receive(answer.span.bytes, now: .zero)
    }

    private func packet(_ kind: UInt8, message: UInt8) -> [UInt8] {
        var bytes: [UInt8] = [kind << 1 | 1]
        var rest = calls
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes += [UInt8(rest), message, 0]
        return frame(0, length: UInt32(bytes.count)) + bytes
    }

    private func frame(_ type: UInt8, length: UInt32) -> [UInt8] {
        [0, type, 0, 0, 0, 0, 0, 1] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
    }
}
