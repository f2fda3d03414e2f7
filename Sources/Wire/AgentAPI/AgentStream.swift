/// A call in flight.
struct AgentCall {
    var id: CallID
    var request: RequestLayout
    var sentByteCount = 0
    var deadline: Duration
    /// The answer's message has come; its close send has not.
    var isAnswered = false

    var isSent: Bool { sentByteCount == request.byteCount }

    var extent: CallExtent {
        if sentByteCount == 0 { .nothing } else if sentByteCount < request.messageEnd { .part } else { .message }
    }
}

/// A yamux stream and the DRPC transport on it, with at most one call. Also a place where none is open.
struct AgentStream {
    /// The window that a stream starts with in each direction, in bytes of data payload.
    static var windowBytes: UInt32 { 256 << 10 }

    /// 0 while the stream is not open: nothing of it has been written.
    var id: UInt32 = 0
    /// What we may still send.
    var sendWindow = windowBytes
    /// What the server may still send.
    var receiveWindow = windowBytes
    /// Received, and not yet handed back by a window update.
    var consumedBytes: UInt32 = 0
    /// The payload being received is the last.
    var endsAfterPayload = false
    var packets = DRPCPacketReader()
    /// Calls of which something has been written; the number of the last one is its DRPC stream id.
    var callCount: UInt64 = 0
    var call: AgentCall?

    /// Half of the window is handed back at once.
    var owesWindowUpdate: Bool { consumedBytes >= Self.windowBytes / 2 }

    /// Bytes that can be written now.
    var sendableByteCount: Int {
        guard let call else { return 0 }
        return min(call.request.byteCount - call.sentByteCount, Int(sendWindow))
    }
}
