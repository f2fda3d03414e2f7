/// A JSON object, in the order in which its members were added.
struct JSONWriter {
    private var members: [String] = []

    mutating func add(_ name: String, _ value: Int) { append(name, String(value)) }
    mutating func add(_ name: String, _ value: Bool) { append(name, value ? "true" : "false") }
    /// To six digits; JSON knows no infinities.
    mutating func add(_ name: String, _ value: Double) {
        append(name, value.isFinite ? String((value * 1e6).rounded() / 1e6) : "null")
    }
    mutating func add(_ name: String, _ value: String) { append(name, Self.quoted(value)) }
    mutating func add(_ name: String, _ values: [String]) {
        append(name, "[" + values.map(Self.quoted).joined(separator: ",") + "]")
    }

    mutating func add(_ name: String, _ object: JSONWriter) { append(name, object.text) }

    var text: String { "{" + members.joined(separator: ",") + "}" }

    private mutating func append(_ name: String, _ value: String) { members.append(Self.quoted(name) + ":" + value) }

    private static func quoted(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": output += "\\\(scalar)"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }
}
