import Wire

/// The bodies of the calls under way: pieces that lie in the ring until their delivery is settled.
package final class CallBodies: CallBodySource {
    private struct Body {
        var pieces: [UnsafeRawBufferPointer]
        /// Bytes are asked for in order: the piece that the last one came from, and where it begins.
        var piece = 0
        var pieceStart = 0
    }

    private var bodies: [CallID: Body] = [:]

    package init() {}

    package func add(_ pieces: [UnsafeRawBufferPointer], for call: CallID) { bodies[call] = Body(pieces: pieces) }

    package func remove(_ call: CallID) { bodies[call] = nil }

    package func append(_ range: Range<Int>, of call: CallID, to output: inout OutputRawSpan) {
        guard var body = bodies[call] else { preconditionFailure("a call without a body") }
        if range.lowerBound < body.pieceStart { (body.piece, body.pieceStart) = (0, 0) }
        var position = range.lowerBound
        while position < range.upperBound {
            let piece = body.pieces[body.piece]
            let end = body.pieceStart + piece.count
            if position < end {
                let part = position - body.pieceStart..<min(range.upperBound, end) - body.pieceStart
                output.append(piece.bytes, part)
                position += part.count
            } else {
                body.pieceStart = end
                body.piece += 1
            }
        }
        bodies[call] = body
    }
}
