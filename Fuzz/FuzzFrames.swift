// libFuzzer target: a byte stream in reads of any size. Compiled together with Sources/Wire by scripts/fuzz.

/// The first byte says how the rest is split: reads of that many bytes, whose sizes wander with the data.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFrames(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let input = UnsafeRawBufferPointer(start: data, count: count)
    let stream = UnsafeRawBufferPointer(rebasing: input[1...])
    let whole = decode(stream) { _ in stream.count }
    let step = Int(input[0])
    let split = decode(stream) { position in 1 + (step &* 31 &+ Int(stream[position]) &* 7) % 97 }
    precondition(whole == split, "a split stream gave other frames")
    return 0
}

private struct Outcome: Equatable {
    var frames: [Int] = []
    var failure: FramingError?
    var carried = 0
}

private func decode(_ stream: UnsafeRawBufferPointer, readBytes: (Int) -> Int) -> Outcome {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: stream.count, alignment: 1)
    defer { buffer.deallocate() }
    var outcome = Outcome()
    var decoder = FrameDecoder()
    var position = 0
    while position < stream.count, outcome.failure == nil {
        let length = min(stream.count - position, readBytes(position))
        let carried = decoder.takeCarried(into: buffer)
        precondition(carried <= position, "more was carried than was read")
        (buffer.baseAddress! + carried).copyMemory(from: stream.baseAddress! + position, byteCount: length)
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<(carried + length)]).bytes
        var offset = 0
        steps: while true {
            switch decoder.next(in: bytes, offset: &offset) {
            case .frame(let tag, let payload):
                precondition(payload.upperBound == offset && payload.count <= FrameDecoder.payloadBytesMax)
                let start = position - carried + payload.lowerBound
                precondition(buffer[payload].elementsEqual(stream[start..<start + payload.count]), "a frame's bytes changed")
                outcome.frames += [Int(tag.rawValue), start, payload.count]
            case .needMoreBytes:
                decoder.carry(bytes.extracting(offset..<bytes.byteCount))
                break steps
            case .failed(let error):
                precondition(decoder.next(in: bytes, offset: &offset) == .failed(error), "a failure did not stay")
                outcome.failure = error
                break steps
            }
        }
        position += length
    }
    outcome.carried = decoder.carriedByteCount
    return outcome
}
