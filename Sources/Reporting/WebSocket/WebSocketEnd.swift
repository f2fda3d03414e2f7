/// How a WebSocket connection ended, or failed to begin. Texts are fit for logs: one line, secrets masked.
enum WebSocketEnd: Equatable {
    /// The server answered the upgrade with something else than 101.
    case refused(WebSocketRefusal)
    /// No connection, or no answer to the upgrade: names, TCP, TLS, a proxy, time.
    case connectFailed(String)
    /// The close handshake was held, whoever began it. `code`: what the server said, nil if nothing.
    case closed(code: Int?, reason: String)
    /// The server does not speak WebSocket as it must; it was told so if it takes bytes.
    case protocolError(String)
    /// The connection broke, or a close was not answered in time.
    case transport(String)
    /// The server hung up without a close.
    case endOfFile
}

/// The server's words on why there will be no WebSocket.
struct WebSocketRefusal: Equatable {
    /// 200 ... 999.
    var status: Int
    /// coderd's `message` and validations, or the beginning of another body; empty when there was none.
    var text: String
    /// The fields that coderd's JSON complains about, e.g. `version`.
    var fields: [String]
    var retryAfter: Duration?
}
