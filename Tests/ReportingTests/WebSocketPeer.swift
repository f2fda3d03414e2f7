import Glibc
import TestSupport

@testable import Reporting

/// The server's side of a WebSocket on a raw connection: it can do everything wrong.
final class WebSocketPeer {
    struct Frame: Equatable {
        var opcode: UInt8
        var isFinal = true
        var payload: [UInt8]
        /// nil: not masked.
        var mask: [UInt8]?
    }

    let connection: RawPeer.Connection
    private var bytes: [UInt8] = []
    private var position = 0

    init(_ connection: RawPeer.Connection) {
        self.connection = connection
        var one: Int32 = 1
        setsockopt(connection.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Reads the request and returns its head; empty at the end.
    func readRequest() -> String {
        while true {
            if let end = bytes.indices.dropFirst(3).first(where: { bytes[($0 - 3)...$0].elementsEqual("\r\n\r\n".utf8) }) {
                position = end + 1
                return String(decoding: bytes[...end], as: UTF8.self)
            }
            guard more() else { return "" }
        }
    }

    static func acceptance(of request: String) -> String {
        let key = request.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") }?.dropFirst(19) ?? ""
        let accept = String(decoding: WebSocketKey(text: String(key)).accept, as: UTF8.self)
        return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n\r\n"
    }

    @discardableResult func accept() -> String {
        let request = readRequest()
        connection.send(Self.acceptance(of: request))
        return request
    }

    /// The next frame, unmasked; nil at the end.
    func readFrame() -> Frame? {
        guard let head = take(2) else { return nil }
        var length = Int(head[1] & 0x7F)
        if length >= 126 {
            guard let more = take(length == 126 ? 2 : 8) else { return nil }
            length = more.reduce(0) { $0 << 8 | Int($1) }
        }
        var mask: [UInt8]?
        if head[1] & 0x80 != 0 {
            guard let key = take(4) else { return nil }
            mask = key
        }
        guard let payload = take(length) else { return nil }
        let plain = mask.map { key in payload.indices.map { payload[$0] ^ key[$0 & 3] } } ?? payload
        return Frame(opcode: head[0] & 0x0F, isFinal: head[0] & 0x80 != 0, payload: plain, mask: mask)
    }

    @discardableResult func send(_ opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true) -> Bool {
        connection.send(Self.frame(opcode, payload, isFinal: isFinal))
    }

    /// Sends back what comes, until a close.
    func echo() {
        while let frame = readFrame() {
            send(frame.opcode, frame.payload)
            if frame.opcode == 8 { return }
        }
    }

    func waitForEnd() {
        while more() { bytes = [] }
    }

    static func frame(_ opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true) -> [UInt8] {
        let head = (isFinal ? 0x80 : 0) | opcode
        switch payload.count {
        case ..<126: return [head, UInt8(payload.count)] + payload
        case ..<65536: return [head, 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)] + payload
        default: return [head, 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) } + payload
        }
    }

    private func take(_ count: Int) -> [UInt8]? {
        while bytes.count - position < count { guard more() else { return nil } }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    private func more() -> Bool {
        if position > 0 {
            bytes.removeFirst(position)
            position = 0
        }
        let next = connection.receive()
        bytes += next
        return !next.isEmpty
    }
}
