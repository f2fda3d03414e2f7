extension WebSocketClient {
    /// As long as the server takes bytes and there are any.
    func write() {
        let wasBusy = isBusy
        isBusy = true
        defer { isBusy = wasBusy }
        var taken = 0
        while taken < Self.bytesPerTurnMax, tunnel != nil, sendFailure == nil {
            if writer.isEmpty { fill() }
            // Filling may have ended all.
            guard let tunnel else { return }
            guard !writer.isEmpty else { return drained() }
            do throws(CurlTunnel.Failure) {
                let count = try tunnel.send(writer.pending)
                // The tunnel calls when there is room.
                if count == 0 { return }
                writer.consume(count)
                taken += count
                bytesOut += UInt64(count)
            } catch {
                // A server may say why it hangs up, and that has come before its hanging up: it is read first, in a turn of its own, since whoever
                // asked for this write must not be called meanwhile.
                sendFailure = .transport(redaction.excerpt(message: error.text))
                return continueSoon()
            }
        }
        if tunnel != nil { continueSoon() }
    }

    /// Control frames first, then messages; the close comes last.
    private func fill() {
        var hasMasks = true
        if let count = pongBytes {
            pongBytes = nil
            hasMasks = writer.write(.pong, UnsafeRawBufferPointer(rebasing: pong[..<count]))
        }
        while case .open = state, hasMasks, let room = writer.roomForMessage, let count = delegate?.webSocketProduce(into: room), count > 0, tunnel != nil {
            hasMasks = writer.writeMessage(count)
        }
        // Also when the delegate has just closed.
        if case .closing(var closing) = state, !closing.isWritten {
            closing.isWritten = true
            state = .closing(closing)
            hasMasks = hasMasks && writer.write(closeCode: closing.code)
        }
        if !hasMasks { finish(.transport("the system gives no random bytes")) }
    }

    /// The close handshake ends here: ours is on its way, and the server's has come.
    private func drained() {
        if case .closing(let closing) = state, closing.isWritten, let end = closing.end { finish(end) }
    }
}
