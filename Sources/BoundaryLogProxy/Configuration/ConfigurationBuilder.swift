/// Gathers values from the command line, the environment, a file and defaults, in any order, and makes a `Configuration` of them.
///
/// The command line wins over the environment, the environment over the file, the file over the default. All errors are collected and
/// reported together; a bad value is an error also when another one wins over it.
public struct ConfigurationBuilder: Sendable {
    private struct Given {
        var values: [String]
        var source: ValueSource
    }

    private var given: [String: Given] = [:]
    private var errors: [ConfigurationError] = []
    /// Where the socket is when nobody gave its path.
    private var socketDefault: Given?

    public init() {}

    /// Sets the option `name`, or records an error. From the same source, a repeatable option gathers values, and the last value of another wins.
    public mutating func set(_ name: String, _ value: String, source: ValueSource) {
        do { try apply(name, value, source: source) } catch { record(error) }
    }

    /// As `set`, but an error is thrown, not recorded, and changes nothing.
    public mutating func apply(_ name: String, _ value: String, source: ValueSource) throws(ConfigurationError) {
        guard let option = Options.named(name) else {
            throw Self.unknown(name, kind: "option", among: Options.all.map(\.name), source: source)
        }
        var scratch = Configuration()
        do { try option.assign(&scratch, [value]) } catch {
            throw ConfigurationError(
                key: name, value: Printable.text(option.mask(value)), source: source, problem: error.text, allowed: option.kind.allowed)
        }
        guard let old = given[name], old.source.rank >= source.rank else { return given[name] = Given(values: [value], source: source) }
        if old.source.rank > source.rank { return }
        // A repeatable option keeps its first source: the line of a file where its list begins.
        if option.isRepeatable { given[name]!.values.append(value) } else { given[name] = Given(values: [value], source: source) }
    }

    var errorCount: Int { errors.count }

    mutating func record(_ error: ConfigurationError) { errors.append(error) }

    /// Where the socket shall be when no source names it. The path is checked when it is used.
    mutating func setSocketDefault(_ path: String, source: ValueSource) {
        socketDefault = Given(values: [path], source: source)
    }

    static func unknown(_ name: String, kind: String, among candidates: [String], source: ValueSource) -> ConfigurationError {
        let nearest = Suggestion.nearest(to: name, among: candidates)
        return ConfigurationError(
            key: Printable.text(name), source: source, problem: "is not the name of an \(kind)" + (nearest.map { "; did you mean \($0)?" } ?? ""))
    }

    /// The configuration, whole and checked.
    public func build() throws(ConfigurationErrors) -> Configuration {
        var configuration = Configuration()
        var errors = errors
        var given = given
        if given["socket"] == nil { given["socket"] = socketDefault }
        for option in Options.all {
            guard let value = given[option.name] else { continue }
            do {
                try option.assign(&configuration, value.values)
                configuration.sources[option.name] = value.source
            } catch {
                let shown = value.values.map { Printable.text(option.mask($0)) }.joined(separator: ", ")
                errors.append(
                    ConfigurationError(key: option.name, value: shown, source: value.source, problem: error.text, allowed: option.kind.allowed))
            }
        }
        if configuration.source(of: "reporter") == .default, configuration.http.url != nil { configuration.reporter = .http }
        errors += configuration.contradictions(isInvalid: Set(errors.map(\.key)))
        if !errors.isEmpty { throw ConfigurationErrors(errors: errors) }
        configuration.warnings = configuration.doubts()
        return configuration
    }
}
