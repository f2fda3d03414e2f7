/// One thing that is wrong with a configuration.
public struct ConfigurationError: Error, Sendable, Hashable {
    /// The option's name as in a file (`buffer-bytes`), an environment variable that means none, or the path of a configuration file.
    public var key: String
    /// The value as it may be shown: secrets are masked, control characters escaped, long values cut. `nil` when there is none to show.
    public var value: String?
    /// `nil` when nobody gave a value, and that is the error.
    public var source: ValueSource?
    /// What is wrong, to be read after the value: `is not a size`.
    public var problem: String
    /// What would be right.
    public var allowed: String?

    init(key: String, value: String? = nil, source: ValueSource?, problem: String, allowed: String? = nil) {
        self.key = key
        self.value = value
        self.source = source
        self.problem = problem
        self.allowed = allowed
    }
}

extension ConfigurationError: CustomStringConvertible {
    public var description: String {
        var text = "\(key): "
        if let value { text += "\"\(value)\" " }
        text += problem
        if let allowed { text += "; allowed: \(allowed)" }
        if let source { text += " (\(source))" }
        return text
    }
}

/// Everything that is wrong with a configuration; never empty.
public struct ConfigurationErrors: Error, Sendable, CustomStringConvertible {
    public var errors: [ConfigurationError]

    /// One line for each error.
    public var description: String { errors.map(\.description).joined(separator: "\n") }
}

/// What a parser of one value says; the builder adds key, value and source.
struct ValueProblem: Error {
    var text: String
    init(_ text: String) { self.text = text }
}
