// libFuzzer target: the answer to a WebSocket upgrade, in reads of any size. Compiled together with Sources/Wire by scripts/fuzz.

/// The first byte says how the rest is split: reads of that many bytes, whose sizes wander with the data.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzUpgrade(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let input = UnsafeRawBufferPointer(start: data, count: count)
    let stream = UnsafeRawBufferPointer(rebasing: input[1...])
    let step = Int(input[0])
    let whole = read(stream) { _ in stream.count }
    let split = read(stream) { position in 1 + (step &* 31 &+ Int(stream[position]) &* 7) % 97 }
    precondition(whole.step == split.step && whole.taken == split.taken, "a split answer was read otherwise")
    switch whole.step {
    case .needMoreBytes: preconditionFailure("the end of input is no end")
    case .refused(let refusal):
        precondition((200...999).contains(refusal.status) && refusal.body.count <= UpgradeReader.bodyBytesMax)
        // What is shown of it is read as JSON first.
        _ = JSONReader.read(refusal.body)
    case .accepted, .failed: break
    }
    return 0
}

private func read(_ stream: UnsafeRawBufferPointer, readBytes: (Int) -> Int) -> (step: UpgradeReader.Step, taken: Int) {
    var reader = UpgradeReader(expectedAccept: Array("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".utf8))
    var position = 0
    while position < stream.count {
        let length = min(stream.count - position, readBytes(position))
        var offset = 0
        let step = reader.receive(UnsafeRawBufferPointer(rebasing: stream[position..<position + length]).bytes, offset: &offset)
        position += offset
        guard step == .needMoreBytes else { return (step, position) }
        precondition(offset == length, "bytes were left without an answer")
    }
    return (reader.endOfInput(), position)
}
