/// Told by a `WebSocketClient`, on the loop's thread. Inside each call the client may be flushed, closed and aborted, and let go of.
protocol WebSocketClientDelegate: AnyObject {
    func webSocketOpened()
    /// Payload of binary messages, in order, with no regard to where messages begin and end; never empty, valid during the call.
    func webSocketReceived(_ bytes: RawSpan)
    /// Fills `buffer` with the payload of the next message and returns its length; 0 when there is nothing to send now: `flush` when there
    /// is. Asked only while the server takes bytes.
    func webSocketProduce(into buffer: UnsafeMutableRawBufferPointer) -> Int
    /// Once, last, in a turn of its own; also when the open failed. Not after `abort`.
    func webSocketEnded(_ end: WebSocketEnd)
}
