import Pipeline
import Wire

/// Reads what clients have written as the proxy's does: one buffer, the carried bytes of a connection in front of its new ones.
struct Intake {
    private var buffer: [UInt8] = []

    /// False when the ring has no room: the rest is carried and offered again.
    mutating func read(_ client: SimulatedClient, _ count: Int, into process: SimulatedProcess) throws(Violation) -> Bool {
        let carried = client.decoder.carriedByteCount
        if buffer.count < carried { buffer = Array(repeating: 0, count: carried) }
        buffer.removeSubrange(carried...)
        _ = buffer.withUnsafeMutableBytes { client.decoder.takeCarried(into: $0) }
        buffer += client.read(count)
        var offset = 0
        while true {
            let start = offset
            switch client.decoder.next(in: buffer.span.bytes, offset: &offset) {
            case .frame(let tag, let payload):
                guard try take(tag, buffer.span.bytes.extracting(payload), client, process) else {
                    client.decoder.carry(buffer.span.bytes.extracting(start..<buffer.count))
                    return false
                }
            case .needMoreBytes:
                client.decoder.carry(buffer.span.bytes.extracting(offset..<buffer.count))
                return true
            case .failed:
                try require(client.isBroken && client.hasSeenAllFrames, "the framing was found broken where it is not")
                return true
            }
        }
    }

    private func take(_ tag: FrameTag, _ payload: RawSpan, _ client: SimulatedClient, _ process: SimulatedProcess) throws(Violation) -> Bool {
        switch (try client.nextFrame(), BoundaryScan.scan(tag, payload)) {
        case (.logs(let logs), .logs(let request)):
            try require(
                request.logCount == logs.numbers.count && Int(request.firstSequenceNumber) == logs.numbers.lowerBound,
                "\(logs) was read as \(request.logCount) logs from \(request.firstSequenceNumber)")
            guard try process.admit(logs, request, of: payload, hint: &client.hint) else { return false }
        case (.status, .status), (.garbage, .invalid): break
        case (let frame, let found): throw Violation("\(frame) was read as \(found)")
        }
        client.didAdmit()
        return true
    }
}
