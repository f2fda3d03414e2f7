import BoundaryLogProxy
import Wire

/// One log as a line for people. Whatever a client wrote into it, no control character comes out.
struct TapLine {
    var isColoured: Bool
    private static let urlScalarsMax = 2000
    private static let ruleScalarsMax = 200

    /// `15:32:37.414 ALLOW GET     https://a.io/x  domain=a.io  claude-code[4711]  d401b2fd`
    func text(_ log: JSONValue) -> String {
        let isAllowed = log["allowed"].isTrue
        var line = coloured(time(log["time"].text), "2") + " "
        line += isAllowed ? coloured("ALLOW", "32") : coloured("DENY ", "1;31")
        line += " " + coloured(StatusScreen.padded(string(log["method"], 16), 7), "1") + " "
        line += isAllowed ? string(log["url"], Self.urlScalarsMax) : coloured(string(log["url"], Self.urlScalarsMax), "31")
        line += "  " + coloured(log["matched_rule"].text == nil ? "no rule" : string(log["matched_rule"], Self.ruleScalarsMax), "36")
        let process = string(log["confined_process_name"], 32)
        line += "  " + process + (log["pid"].integer.map { "[\($0)]" } ?? "")
        return line + "  " + coloured(session(log["session_id"].text), "2") + "\n"
    }

    func skipped(_ logs: Int) -> String { coloured("… \(StatusScreen.grouped(logs)) logs skipped", "33") + "\n" }

    /// The time of day, in UTC, as the log says it.
    private func time(_ text: String?) -> String {
        guard let text, text.utf8.count == 30 else { return StatusScreen.padded(Printable.text(text ?? "-", scalarsMax: 12), 12) }
        return Printable.text(String(text.dropFirst(11).prefix(12)))
    }

    private func session(_ text: String?) -> String {
        guard let text, !text.isEmpty else { return "-" }
        return Printable.text(String(text.unicodeScalars.prefix(8)))
    }

    private func string(_ value: JSONValue, _ scalarsMax: Int) -> String {
        value.text.map { $0.isEmpty ? "-" : Printable.text($0, scalarsMax: scalarsMax) } ?? "-"
    }

    private func coloured(_ text: String, _ code: String) -> String { isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }

    /// The daemon's JSON with what a terminal might act on written as escapes: the same value, in JSON's eyes.
    static func safeJSON(_ json: [UInt8]) -> [UInt8] {
        // Everything unsafe but DEL is beyond ASCII; control characters of ASCII are escaped by whoever writes JSON.
        guard json.contains(where: { $0 >= 0x7F || $0 < 0x20 }) else { return json }
        var result: [UInt8] = []
        for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
            guard Printable.isUnsafe(scalar) else {
                result += Array(String(scalar).utf8)
                continue
            }
            let hex = String(scalar.value, radix: 16)
            result += Array(("\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex).utf8)
        }
        return result
    }
}
