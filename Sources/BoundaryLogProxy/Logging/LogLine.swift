import Logging

/// One message of the daemon, and how it is written.
package struct LogLine {
    var time: WallTime
    var level: Logger.Level
    var message: String
    var metadata: [(key: String, value: String)]

    /// As of now; `own` is what the logger adds to each of its messages.
    package init(_ event: LogEvent, own: Logger.Metadata, provided: Logger.Metadata?) {
        var merged = own
        if let provided { merged.merge(provided) { $1 } }
        if let given = event.metadata { merged.merge(given) { $1 } }
        if let error = event.error { merged["error"] = "\(error)" }
        self.init(
            time: .now(), level: event.level, message: event.message.description,
            // Sorted, so that equal events make equal lines.
            metadata: merged.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) })
    }

    init(time: WallTime, level: Logger.Level, message: String, metadata: [(key: String, value: String)]) {
        self.time = time
        self.level = level
        self.message = message
        self.metadata = metadata
    }

    /// In Unicode scalars, for the message and for each value. A longer one is cut and ends in `…`.
    static let textMax = 4096
    /// Metadata beyond this is left out.
    static let metadataMax = 64

    /// `2026-01-31T23:59:59.123Z warning cannot deliver destination=http attempts=3 error="connection refused"`
    func text(isColoured: Bool) -> String {
        let name = level.rawValue
        var line = time.text + " "
        line += isColoured ? "\u{1B}[\(level.colour)m\(name)\u{1B}[0m" : name
        line += String(repeating: " ", count: max(1, 9 - name.utf8.count))
        return line + body
    }

    /// `<4>cannot deliver destination=http`: systemd's journal takes the number for the priority (sd-daemon(3)), and has the time itself.
    package var journal: String { "<\(level.priority)>\(body)" }

    /// The message and its metadata, without time and level.
    package var body: String {
        var line = Printable.text(message, scalarsMax: Self.textMax)
        for (key, value) in metadata.prefix(Self.metadataMax) { line += " \(Self.key(key))=\(Self.value(value))" }
        return line
    }

    /// `{"time":…,"level":…,"message":…,` and the metadata as further members, all of them strings.
    package var json: String {
        var line = "{\"time\":\"\(time.text)\",\"level\":\"\(level.rawValue)\",\"message\":\(Self.jsonString(message))"
        for (key, value) in metadata.prefix(Self.metadataMax) {
            let name = ["time", "level", "message"].contains(key) ? key + "_" : key
            line += ",\(Self.jsonString(name)):\(Self.jsonString(value))"
        }
        return line + "}"
    }

    private static func key(_ key: String) -> String {
        key.utf8.allSatisfy(isPlain) && !key.isEmpty ? key : value(key, alwaysQuoted: true)
    }

    private static func value(_ value: String, alwaysQuoted: Bool = false) -> String {
        if !alwaysQuoted, !value.isEmpty, value.utf8.count <= textMax, value.utf8.allSatisfy(isPlain) { return value }
        var result = "\""
        for (index, scalar) in value.unicodeScalars.enumerated() {
            if index == textMax {
                result += "…"
                break
            }
            if scalar == "\"" || scalar == "\\" { result += "\\" }
            Printable.appendEscaped(scalar, to: &result)
        }
        return result + "\""
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: "-_./:@%+,*".utf8.contains(byte)
        }
    }

    private static func jsonString(_ text: String) -> String {
        var result = "\""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            if index == textMax {
                result += "…"
                break
            }
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where Printable.isUnsafe(scalar):
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension Logger.Level {
    /// Of syslog(3).
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// The number of an SGR sequence.
    fileprivate var colour: Int {
        switch self {
        case .trace, .debug: 90
        case .info: 32
        case .notice: 36
        case .warning: 33
        case .error: 31
        case .critical: 35
        }
    }
}
