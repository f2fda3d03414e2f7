/// A value to be written as JSON; objects keep their order.
package enum JSONText {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case object([(String, JSONText)])
    case array([JSONText])

    package static func int(_ value: some BinaryInteger) -> JSONText { .number("\(value)") }
    static func seconds(_ value: Double?) -> JSONText { value.map { .number("\($0)") } ?? .null }
    static func text(_ value: String?) -> JSONText { value.map(JSONText.string) ?? .null }

    /// Indented by two spaces a level.
    package func rendered(indent: Int = 0) -> String {
        let inner = String(repeating: " ", count: indent + 2)
        let outer = String(repeating: " ", count: indent)
        switch self {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .number(let digits): return digits
        case .string(let value): return Self.quoted(value)
        case .object(let members) where members.isEmpty: return "{}"
        case .object(let members):
            let lines = members.map { "\(inner)\(Self.quoted($0.0)): \($0.1.rendered(indent: indent + 2))" }
            return "{\n\(lines.joined(separator: ",\n"))\n\(outer)}"
        case .array(let elements) where elements.isEmpty: return "[]"
        case .array(let elements):
            return "[\n\(elements.map { inner + $0.rendered(indent: indent + 2) }.joined(separator: ",\n"))\n\(outer)]"
        }
    }

    /// On one line.
    package var compact: String {
        switch self {
        case .object(let members): "{" + members.map { "\(Self.quoted($0.0)):\($0.1.compact)" }.joined(separator: ",") + "}"
        case .array(let elements): "[" + elements.map(\.compact).joined(separator: ",") + "]"
        default: rendered()
        }
    }

    static func quoted(_ value: String) -> String {
        var out = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
