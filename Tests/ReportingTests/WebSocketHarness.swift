import EventLoop
import Testing

@testable import Reporting

/// A client on a loop, and all that it tells.
final class WebSocketHarness: WebSocketClientDelegate {
    let loop: EventLoop
    private(set) var client: WebSocketClient!
    private(set) var opens = 0
    private(set) var received: [UInt8] = []
    private(set) var receivedBytes = 0
    private(set) var produced = 0
    private(set) var end: WebSocketEnd?
    /// One message each.
    var toSend: [[UInt8]] = []
    var onOpened: () -> Void = {}
    /// Instead of gathering.
    var onReceived: ((RawSpan) -> Void)?
    /// Instead of `toSend`.
    var onProduce: ((UnsafeMutableRawBufferPointer) -> Int)?
    var onEnded: () -> Void = {}
    private var isInside = false

    init(_ loop: EventLoop, _ multi: CurlMulti, _ configuration: WebSocketConfiguration, wallClock: (() -> Int64)? = nil) throws {
        self.loop = loop
        client = try WebSocketClient(loop, multi, configuration, delegate: self, wallClock: wallClock)
    }

    func open() {
        isInside = true
        client.open()
        isInside = false
    }

    func send(_ message: [UInt8]) {
        toSend.append(message)
        call { client.flush() }
    }

    /// Nothing may end inside a call of ours.
    func call(_ body: () -> Void) {
        isInside = true
        body()
        isInside = false
    }

    func runUntilOpen() { loop.run(until: { opens > 0 || end != nil }) }

    @discardableResult func runUntilEnd() -> WebSocketEnd? {
        loop.run(until: { end != nil })
        return end
    }

    /// Turns of the loop in that time; one is the timer's.
    func turns(in time: Duration) -> Int {
        var turns = 0
        var isOver = false
        let timer = Timer(loop) { isOver = true }
        loop.onTurn = { turns += 1 }
        timer.start(after: time)
        while !isOver { loop.runOnce() }
        timer.close()
        loop.onTurn = nil
        return turns
    }

    func webSocketOpened() {
        #expect(!isInside)
        opens += 1
        onOpened()
    }

    func webSocketReceived(_ bytes: RawSpan) {
        #expect(bytes.byteCount > 0 && opens == 1 && end == nil)
        receivedBytes += bytes.byteCount
        if let onReceived { return onReceived(bytes) }
        bytes.withUnsafeBytes { received.append(contentsOf: $0) }
    }

    func webSocketProduce(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        #expect(opens == 1 && end == nil)
        #expect(buffer.count == WebSocketFrameWriter.messageBytesMax)
        if let onProduce {
            let count = onProduce(buffer)
            produced += count
            return count
        }
        guard !toSend.isEmpty else { return 0 }
        let message = toSend.removeFirst()
        buffer.copyBytes(from: message)
        produced += message.count
        return message.count
    }

    func webSocketEnded(_ end: WebSocketEnd) {
        #expect(!isInside, "ended inside a call")
        #expect(self.end == nil, "ended twice")
        self.end = end
        onEnded()
    }
}

/// Runs `body` with a client that is not open yet, and is aborted afterwards if it has not ended; then nothing may be left on the loop.
func withWebSocket(
    _ configuration: WebSocketConfiguration, wallClock: (() -> Int64)? = nil, _ body: (WebSocketHarness) throws -> Void
) throws {
    try withLoop { loop in
        let multi = CurlMulti(loop)
        defer {
            var isClosed = false
            multi.close { isClosed = true }
            loop.run(until: { isClosed })
        }
        let harness = try WebSocketHarness(loop, multi, configuration, wallClock: wallClock)
        defer { harness.client.abort() }
        try body(harness)
    }
}

/// The same, with a peer of its own that does what it is told to each connection, its upgrade being its own business.
func withWebSocketPeer(
    _ adjust: (inout WebSocketConfiguration) -> Void = { _ in }, serving serve: @escaping @Sendable (WebSocketPeer) -> Void,
    _ body: (WebSocketHarness) throws -> Void
) throws {
    let peer = RawPeer { serve(WebSocketPeer($0)) }
    var configuration = WebSocketConfiguration(url: "\(peer.url)api/v2/rpc?version=2.7&role=boundary-log-proxy")
    adjust(&configuration)
    try withWebSocket(configuration, body)
}
