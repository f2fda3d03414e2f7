import Wire

extension WebSocketClient {
    /// Until nothing is left: TLS may hold bytes that the descriptor does not show.
    func read() {
        let wasBusy = isBusy
        isBusy = true
        defer { isBusy = wasBusy }
        for _ in 0..<(Self.bytesPerTurnMax / Self.readBytes) {
            guard let tunnel else { return }
            do throws(CurlTunnel.Failure) {
                switch try tunnel.receive(into: readBuffer) {
                case .nothingNow: return
                case .endOfFile: return hungUp(.endOfFile)
                case .bytes(let count):
                    bytesIn += UInt64(count)
                    process(UnsafeRawBufferPointer(rebasing: readBuffer[..<count]))
                    // All there was; of more, the loop tells.
                    if count < readBuffer.count, tunnel.showsAllInput { return }
                }
            } catch {
                return hungUp(.transport(redaction.excerpt(message: error.text)))
            }
        }
        if tunnel != nil { continueSoon() }
    }

    /// No more will come, or can be sent.
    func hungUp(_ end: WebSocketEnd) {
        switch (state, end) {
        case (.upgrading, .transport(let text)): upgradeEnded(.connectFailed(text))
        case (.upgrading, _): upgradeEnded(nil)
        // The server's close has come, only our answer was not sent.
        case (.closing(let closing), _): finish(closing.end ?? end)
        default: finish(end)
        }
    }

    /// No more of the answer will come: a refusal counts as far as it goes, else `end`; nil: what the answer lacks.
    func upgradeEnded(_ end: WebSocketEnd?) {
        guard let step = answer?.endOfInput() else { return }
        if case .failed = step, let end { finish(end) } else { answered(step) }
    }

    private func process(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        if case .upgrading = state, let step = answer?.receive(bytes.bytes, offset: &offset) { answered(step) }
        reader.feed(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        // The delegate may end all within each call.
        while isReceiving {
            switch reader.next() {
            case .needMoreBytes: return
            case .payload(let payload): delegate?.webSocketReceived(payload.bytes)
            case .ping(let payload):
                pong.copyMemory(from: payload)
                pongBytes = payload.count
            case .closed(let code, let reason): closed(code, reason)
            case .failed(let error): fail(error)
            }
        }
        reader.forget()
    }

    /// What comes after the server's close means nothing.
    private var isReceiving: Bool {
        switch state {
        case .open: true
        case .closing(let closing): closing.end == nil
        case .idle, .connecting, .upgrading, .ended: false
        }
    }

    private func answered(_ step: UpgradeReader.Step) {
        switch step {
        case .needMoreBytes: break
        case .accepted: opened()
        case .refused(let refusal): finish(.refused(WebSocketRefusal(refusal, redaction, now: wallClock())))
        case .failed(let error) where error == .noAnswer || error == .cutShort: finish(.connectFailed(error.description))
        case .failed(let error): finish(.protocolError(error.description))
        }
    }

    /// Answered with the server's own code, unless ours went before. The rest is for `write`.
    private func closed(_ code: Int?, _ reason: String) {
        let end = WebSocketEnd.closed(code: code, reason: redaction.excerpt(reason.utf8))
        if case .closing(var closing) = state {
            closing.end = end
            state = .closing(closing)
        } else {
            beginClosing(Closing(code: code, end: end))
        }
    }

    /// The server is told, if it takes bytes at once.
    private func fail(_ error: WebSocketProtocolError) {
        if case .open = state, writer.write(closeCode: error.closeCode), let count = try? tunnel?.send(writer.pending) {
            bytesOut += UInt64(count)
        }
        finish(.protocolError(error.description))
    }
}
