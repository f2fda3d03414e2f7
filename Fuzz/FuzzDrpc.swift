// libFuzzer target: the DRPC frames of one transport. Compiled together with Sources/Wire by scripts/fuzz.

/// The first byte says how the rest is split: pieces of that many bytes, whose sizes wander with the data.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDRPC(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let input = UnsafeRawBufferPointer(start: data, count: count)
    let stream = UnsafeRawBufferPointer(rebasing: input[1...])
    let whole = read(stream) { _ in stream.count }
    let step = Int(input[0])
    let split = read(stream) { position in 1 + (step &* 31 &+ Int(stream[position]) &* 7) % 97 }
    precondition(whole == split, "a split stream gave other packets")
    return 0
}

private struct Outcome: Equatable {
    var packets: [DRPCPacket] = []
    var codes: [UInt64] = []
    var texts: [String] = []
    var failure: DRPCError?
}

private func read(_ stream: UnsafeRawBufferPointer, pieceBytes: (Int) -> Int) -> Outcome {
    var outcome = Outcome()
    var reader = DRPCPacketReader()
    var offset = 0
    var end = 0
    while end < stream.count {
        end = min(stream.count, end + pieceBytes(end))
        do throws(DRPCError) {
            while let packet = try reader.next(in: stream.bytes, offset: &offset, end: end) { take(packet, reader, &outcome) }
        } catch {
            outcome.failure = error
            return outcome
        }
        precondition(offset == end, "bytes were left")
    }
    return outcome
}

private func take(_ packet: DRPCPacket, _ reader: DRPCPacketReader, _ outcome: inout Outcome) {
    precondition(packet.stream > 0 && packet.message > 0 && packet.kind < 64)
    precondition(packet.byteCount <= (packet.kind == DRPCKind.error ? DRPCPacketReader.errorBytesMax : DRPCPacketReader.messageBytesMax))
    if let last = outcome.packets.last {
        precondition(packet.stream > last.stream || packet.stream == last.stream && packet.message > last.message, "ids do not rise")
    }
    outcome.packets.append(packet)
    guard packet.kind == DRPCKind.error else { return }
    let (code, text) = reader.errorContent()
    precondition(text.unicodeScalars.count <= DRPCPacketReader.errorTextBytesMax, "the text is over its bound")
    outcome.codes.append(code)
    outcome.texts.append(text)
}
