/// A value of a JSON text. Members keep their order; numbers are kept as they were written.
public enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    indirect case object([Member])

    public struct Member: Equatable, Sendable {
        public var name: String
        public var value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The member of that name; `null` when there is none or this is not an object.
    public subscript(name: String) -> JSONValue { members.first { $0.name == name }?.value ?? .null }

    public var members: [Member] { if case .object(let members) = self { members } else { [] } }
    public var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    public var text: String? { if case .string(let text) = self { text } else { nil } }
    /// `nil` for what is not a whole number or does not fit.
    public var integer: Int? { if case .number(let digits) = self { Int(digits) } else { nil } }
    public var isTrue: Bool { self == .bool(true) }
}
