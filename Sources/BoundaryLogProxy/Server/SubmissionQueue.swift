import EventLoop
import Wire

/// Frames that threads of the embedding program submit: copied here, taken by the loop many at a time. From any thread, but for what says otherwise.
public final class SubmissionQueue: Sendable {
    public enum Refusal: Error, Sendable {
        case unknownTag
        /// Over 32768 bytes.
        case tooLong
        case invalidProtobuf(ProtobufError)
        case full
        /// The proxy stops.
        case closed
    }

    /// One frame; it was scanned on the thread that brought it.
    struct Entry: Sendable {
        var payload: Range<Int>
        var content: ScanResult
    }

    /// What the loop takes at once: payloads laid end to end.
    struct Load: Sendable {
        var bytes: [UInt8] = []
        var entries: [Entry] = []

        mutating func removeAll(keepingBytesMax: Int) {
            bytes.removeAll(keepingCapacity: bytes.capacity <= keepingBytesMax)
            entries.removeAll(keepingCapacity: entries.capacity * MemoryLayout<Entry>.stride <= keepingBytesMax)
        }
    }

    private struct State: Sendable {
        var load = Load()
        var statistics: SubmissionStatistics
        var isClosed = false
    }

    /// Memory that stays when nothing waits.
    static let idleBytesMax = 64 << 10

    private let bytesMax: Int
    private let state: Lock<State>
    /// Its messages say nothing but that the loop is to turn.
    private let wakeUp: Mailbox<Void>

    /// On the loop's thread, like `shut`. `bytesMax`: memory for what waits, 176 bytes for each frame included. Fails when the process has no descriptor left.
    init(_ loop: EventLoop, bytesMax: Int) throws(LoopError) {
        self.bytesMax = bytesMax
        state = Lock(State(statistics: SubmissionStatistics(bytesMax: bytesMax)))
        wakeUp = try Mailbox(loop, capacity: 1) {}
    }

    /// Copies one frame; never waits, but for another thread that does the same. `tag` and `payload` as on the socket (docs/protocol.md).
    public func submit(tag: UInt8, payload: UnsafeRawBufferPointer) throws(Refusal) {
        guard let tag = FrameTag(rawValue: tag) else { throw .unknownTag }
        guard payload.count <= FrameDecoder.payloadBytesMax else { throw .tooLong }
        let content = BoundaryScan.scan(tag, payload.bytes)
        if case .invalid(let error) = content { throw .invalidProtobuf(error) }
        let isFirst = try state.withLock { state throws(Refusal) in
            if state.isClosed { throw .closed }
            let bytes = payload.count + MemoryLayout<Entry>.stride
            guard state.statistics.bytesWaiting + bytes <= bytesMax else {
                state.statistics.refused += 1
                throw .full
            }
            let start = state.load.bytes.count
            state.load.bytes.append(contentsOf: payload)
            state.load.entries.append(Entry(payload: start..<start + payload.count, content: content))
            state.statistics.accepted += 1
            state.statistics.waiting += 1
            state.statistics.bytesWaiting += bytes
            return state.load.entries.count == 1
        }
        if isFirst { wakeUp.post(()) }
    }

    public var statistics: SubmissionStatistics { state.withLock { $0.statistics } }

    /// Exchanges the empty `load` for what waits.
    func take(_ load: inout Load) {
        state.withLock { state in
            swap(&load, &state.load)
            state.statistics.waiting = 0
            state.statistics.bytesWaiting = 0
        }
    }

    /// From now on nothing is taken in; what was is still there to be taken.
    func close() { state.withLock { $0.isClosed = true } }

    /// After `close` and the last `take`.
    func shut() { wakeUp.close() }
}
