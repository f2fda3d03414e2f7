internal import CCrypto

/// What shows that an answer was made for our request. RFC 6455, section 4.1, items 7 of the request and 4 of the answer.
struct WebSocketKey {
    /// `Sec-WebSocket-Key`: 16 random bytes in Base64.
    let text: String
    /// What `Sec-WebSocket-Accept` must say.
    let accept: [UInt8]

    /// nil when the system has no random bytes.
    init?(_ random: inout RandomBytes) {
        var nonce = [UInt8](repeating: 0, count: 16)
        guard nonce.withUnsafeMutableBytes({ random.fill($0) }) else { return nil }
        self.init(text: Base64.text(nonce))
    }

    init(text: String) {
        self.text = text
        let input = Array((text + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
        SHA1(input, input.count, &digest)
        accept = Array(Base64.text(digest).utf8)
    }
}
