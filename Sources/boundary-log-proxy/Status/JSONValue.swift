/// A value of a JSON text. Members keep their order; numbers are kept as they were written.
enum JSONValue: Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    indirect case object([Member])

    struct Member: Equatable {
        var name: String
        var value: JSONValue
    }

    /// The member of that name; `null` when there is none or this is not an object.
    subscript(name: String) -> JSONValue { members.first { $0.name == name }?.value ?? .null }

    var members: [Member] { if case .object(let members) = self { members } else { [] } }
    var text: String? { if case .string(let text) = self { text } else { nil } }
    /// `nil` for what is not a whole number or does not fit.
    var integer: Int? { if case .number(let digits) = self { Int(digits) } else { nil } }
    var isTrue: Bool { self == .bool(true) }
}
