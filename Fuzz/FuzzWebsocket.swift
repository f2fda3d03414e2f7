// libFuzzer target: what a WebSocket server sends after the upgrade, in reads of any size, through libwslay and our rules. Compiled together
// with the files of Sources/Reporting/WebSocket that it needs by scripts/fuzz.

/// The first byte says how the rest is split: reads of that many bytes, whose sizes wander with the data.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWebsocket(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let input = UnsafeRawBufferPointer(start: data, count: count)
    let stream = UnsafeRawBufferPointer(rebasing: input[1...])
    let step = Int(input[0])
    let whole = read(stream) { _ in stream.count }
    let split = read(stream) { position in 1 + (step &* 31 &+ Int(stream[position]) &* 7) % 97 }
    precondition(whole == split, "split bytes gave other payload")
    precondition(whole.payload.count <= stream.count)
    return 0
}

private struct Outcome: Equatable {
    var payload: [UInt8] = []
    var pings: [UInt8] = []
    var end: String?
}

private func read(_ stream: UnsafeRawBufferPointer, readBytes: (Int) -> Int) -> Outcome {
    let reader = WebSocketFrameReader()
    var outcome = Outcome()
    var position = 0
    while position < stream.count, outcome.end == nil {
        let length = min(stream.count - position, readBytes(position))
        reader.feed(UnsafeRawBufferPointer(rebasing: stream[position..<position + length]))
        position += length
        steps: while true {
            switch reader.next() {
            case .needMoreBytes: break steps
            case .payload(let bytes):
                precondition(!bytes.isEmpty)
                outcome.payload.append(contentsOf: bytes)
            case .ping(let bytes):
                precondition(bytes.count <= WebSocketFrameReader.controlBytesMax)
                outcome.pings += [UInt8(bytes.count)] + bytes
            case .closed(let code, let reason):
                precondition(code.map { (1000...4999).contains($0) } ?? reason.isEmpty)
                outcome.end = "\(code ?? 0) \(reason)"
                break steps
            case .failed(let error):
                outcome.end = error.description
                break steps
            }
        }
    }
    return outcome
}
