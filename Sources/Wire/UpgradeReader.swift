/// Reads the answer to a WebSocket upgrade request, as it comes: accepted, refused with a text, or not to be understood.
///
/// RFC 6455, section 4.1, on the syntax of RFC 9112.
public struct UpgradeReader: Sendable {
    /// Status line and fields, of interim answers (100, 103) too.
    public static let headBytesMax = 64 << 10
    /// Of a refusal; what is longer is cut.
    public static let bodyBytesMax = 4 << 10

    public enum Step: Equatable, Sendable {
        case needMoreBytes
        /// What follows is the WebSocket's.
        case accepted
        case refused(UpgradeRefusal)
        case failed(UpgradeError)
    }

    private enum State {
        case head
        case body(RefusalBody)
        case ended(Step)
    }

    private let expectedAccept: [UInt8]
    private var state = State.head
    private var head: [UInt8] = []
    private var headBytes = 0

    /// `expectedAccept`: what `Sec-WebSocket-Accept` must say.
    public init(expectedAccept: [UInt8]) {
        self.expectedAccept = expectedAccept
    }

    /// Takes bytes from `offset` on, up to the end of what it needs; the last three steps are final.
    public mutating func receive(_ bytes: RawSpan, offset: inout Int) -> Step {
        while true {
            switch state {
            case .ended(let step): return step
            case .head:
                do throws(UpgradeError) {
                    guard try takeHead(bytes, &offset) else { return .needMoreBytes }
                    try headEnded()
                } catch {
                    return end(with: .failed(error))
                }
            case .body(var body):
                body.receive(bytes, offset: &offset)
                state = .body(body)
                guard body.isComplete else { return .needMoreBytes }
                return end(with: .refused(body.refusal))
            }
        }
    }

    /// No more will come, or nobody waits for it: the refusal as far as it goes, or what is missing.
    public mutating func endOfInput() -> Step {
        switch state {
        case .ended(let step): step
        case .head: end(with: .failed(headBytes == 0 ? .noAnswer : .cutShort))
        case .body(let body): end(with: .refused(body.unfinished))
        }
    }

    // MARK: The head

    private static let beginning = Array("HTTP/1.".utf8)

    /// Whether the head is complete, with its empty line.
    private mutating func takeHead(_ bytes: RawSpan, _ offset: inout Int) throws(UpgradeError) -> Bool {
        while offset < bytes.byteCount {
            guard headBytes < Self.headBytesMax else { throw .headTooLong }
            let byte = bytes.byte(at: offset)
            // Whoever does not speak HTTP is not listened to until the bound.
            guard head.count >= Self.beginning.count || byte == Self.beginning[head.count] else { throw .notHTTP }
            head.append(byte)
            headBytes += 1
            offset += 1
            if byte == UInt8(ascii: "\n"), head.suffix(4).elementsEqual("\r\n\r\n".utf8) { return true }
        }
        return false
    }

    /// A body or another head follows an answer that is not final.
    private mutating func headEnded() throws(UpgradeError) {
        let answer = try UpgradeResponseHead(head)
        head = []
        switch answer.status {
        case 101:
            try answer.checkAcceptance(expectedAccept)
            state = .ended(.accepted)
        case 200...: state = .body(RefusalBody(answer))
        default: break
        }
    }

    private mutating func end(with step: Step) -> Step {
        state = .ended(step)
        return step
    }
}
