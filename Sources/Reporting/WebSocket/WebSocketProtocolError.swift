/// What a server did that RFC 6455 forbids, or that cannot be meant for us.
enum WebSocketProtocolError: Error, Equatable, CustomStringConvertible {
    /// libwslay does not tell these apart: a control frame that is too long or in fragments, or a length of a form that is not allowed.
    case framing
    case masked
    case reservedBits
    case opcode(Int)
    case strayContinuation
    case messageInsideMessage
    case text
    case closeCode
    case closeReason

    /// What the server is told. RFC 6455, section 7.4.1.
    var closeCode: Int {
        switch self {
        case .text: 1003
        case .closeReason: 1007
        default: 1002
        }
    }

    var description: String {
        switch self {
        case .framing: "a WebSocket frame of the server has an invalid header"
        case .masked: "a WebSocket frame of the server is masked"
        case .reservedBits: "a WebSocket frame of the server has reserved bits set"
        case .opcode(let opcode): "a WebSocket frame of the server has the unknown opcode \(opcode)"
        case .strayContinuation: "a WebSocket frame of the server continues no message"
        case .messageInsideMessage: "a WebSocket message of the server begins inside another"
        case .text: "the server sent a text message, where only binary ones have a meaning"
        case .closeCode: "the server closed the WebSocket with an invalid code"
        case .closeReason: "the server closed the WebSocket with a reason that is not UTF-8"
        }
    }
}
