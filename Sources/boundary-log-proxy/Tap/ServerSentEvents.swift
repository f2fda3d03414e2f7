/// Takes a stream of server-sent events apart, as far as the daemon uses them: names, one line of data, comments.
///
/// https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
struct ServerSentEvents {
    struct Event: Equatable {
        var name: String
        var data: [UInt8]
    }

    /// A longer line is not the daemon's.
    static let lineBytesMax = 4 << 20

    private var line: [UInt8] = []
    private var name = ""
    private var data: [UInt8] = []

    /// The events that these bytes complete; nil when this cannot be what the daemon writes.
    mutating func take(_ bytes: [UInt8]) -> [Event]? {
        var events: [Event] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            line += rest[..<end]
            rest = rest[(end + 1)...]
            if let event = takeLine() { events.append(event) }
            line.removeAll(keepingCapacity: true)
        }
        line += rest
        return line.count <= Self.lineBytesMax ? events : nil
    }

    private mutating func takeLine() -> Event? {
        if line.isEmpty {
            defer { (name, data) = ("", []) }
            return data.isEmpty ? nil : Event(name: name, data: data)
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return nil }
        var value = line[(colon + 1)...]
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": name = String(decoding: value, as: UTF8.self)
        case "data": data = Array(value)
        default: break
        }
        return nil
    }
}
