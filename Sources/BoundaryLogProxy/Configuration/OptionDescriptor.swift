/// One row of the option table: all that is known about an option. The command line, environment variables, files, `check-config`,
/// manuals and the C API are made from it.
public struct OptionDescriptor: Sendable {
    /// As in a file, and after `--` on the command line.
    public let name: String
    /// What stands for the value in help texts, in capitals.
    public let valueName: String
    public let kind: OptionKind
    public let section: OptionSection
    /// In words, or the value as one would write it.
    public let defaultText: String
    /// One or more sentences.
    public let help: String
    /// Whether its values may hold a secret: they are shown only through `mask`.
    public let isSecret: Bool
    /// May be given more than once; a file holds a list, the environment variable one value a line.
    public let isRepeatable: Bool

    /// A reload (SIGHUP) applies it to the running daemon; otherwise a change needs a restart.
    public private(set) var isLive = false

    /// Reads the values into the configuration. A single option gets one value.
    let assign: @Sendable (inout Configuration, [String]) throws(ValueProblem) -> Void
    /// The values as one would write them; empty when the option is not set.
    let values: @Sendable (Configuration) -> [String]
    /// Takes the value over from another configuration.
    let copy: @Sendable (inout Configuration, Configuration) -> Void
    /// A value, which need not be valid, with what is secret in it covered.
    let mask: @Sendable (String) -> String

    public var environmentVariable: String { Self.environmentPrefix + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined() }

    /// What `--help` says: help, what is allowed, default, environment variable.
    public var helpText: String {
        "\(help) Allowed: \(kind.allowed). (default: \(defaultText); environment: \(environmentVariable))\(isLive ? " [reload]" : "")"
    }

    /// The row, marked as one that `ProxyServer.apply` changes while it runs: to be written behind it in the table.
    var live: OptionDescriptor {
        var row = self
        row.isLive = true
        return row
    }

    static let environmentPrefix = "BOUNDARY_LOG_PROXY_"
}

extension OptionDescriptor {
    typealias Path<Value> = WritableKeyPath<Configuration, Value> & Sendable

    /// An option with one value, which is always there.
    static func required<Value: Sendable>(
        _ name: String, _ valueName: String, _ path: Path<Value>, _ kind: OptionKind, _ section: OptionSection,
        defaultText: String? = nil, help: String,
        parse: @escaping @Sendable (String) throws(ValueProblem) -> Value, format: @escaping @Sendable (Value) -> String
    ) -> OptionDescriptor {
        OptionDescriptor(
            name: name, valueName: valueName, kind: kind, section: section,
            defaultText: defaultText ?? format(Configuration()[keyPath: path]), help: help, isSecret: false, isRepeatable: false,
            assign: { (configuration, values) throws(ValueProblem) in configuration[keyPath: path] = try parse(values.last ?? "") },
            values: { [format($0[keyPath: path])] },
            copy: { $0[keyPath: path] = $1[keyPath: path] },
            mask: { $0 })
    }

    /// An option with one value or none.
    static func optional<Value: Sendable>(
        _ name: String, _ valueName: String, _ path: Path<Value?>, _ kind: OptionKind, _ section: OptionSection,
        defaultText: String = "none", help: String, mask: (@Sendable (String) -> String)? = nil,
        parse: @escaping @Sendable (String) throws(ValueProblem) -> Value, format: @escaping @Sendable (Value) -> String
    ) -> OptionDescriptor {
        OptionDescriptor(
            name: name, valueName: valueName, kind: kind, section: section, defaultText: defaultText, help: help,
            isSecret: mask != nil, isRepeatable: false,
            assign: { (configuration, values) throws(ValueProblem) in configuration[keyPath: path] = try parse(values.last ?? "") },
            values: { $0[keyPath: path].map { [format($0)] } ?? [] },
            copy: { $0[keyPath: path] = $1[keyPath: path] },
            mask: mask ?? { $0 })
    }
}
