import Pipeline

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
    /// Values of options that no source names.
    private var defaults: [String: Given] = [:]
    private var coderToken: String?
    private var hasCallbackReporter = false
    private var isEmbedded = false

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
        do throws(ValueProblem) {
            try option.assign(&scratch, [value])
            // The socket is what the daemon is for.
            if scratch.socketPath == nil, !isEmbedded { throw ValueProblem("is empty") }
        } catch {
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

    /// What an option is when no source names it. The value is checked when it is used.
    mutating func setDefault(_ name: String, _ value: String, variable: String) { setDefault(name, [value], variable: variable) }

    mutating func setDefault(_ name: String, _ values: [String], variable: String) {
        defaults[name] = Given(values: values, source: .defaultFromEnvironment(variable: variable))
    }

    /// The agent token, for coderd. No option, because it is a secret.
    public mutating func setCoderToken(_ token: String) { coderToken = token }

    /// As `load(file:)`, but what is wrong is thrown, and then nothing of it is taken.
    public mutating func apply(file path: String) throws(ConfigurationErrors) { try applyAll { $0.load(file: path) } }

    /// As `load(environment:)`, but what is wrong is thrown, and then nothing of it is taken.
    public mutating func apply(environment: [String: String]) throws(ConfigurationErrors) { try applyAll { $0.load(environment: environment) } }

    private mutating func applyAll(_ load: (inout ConfigurationBuilder) -> Void) throws(ConfigurationErrors) {
        var loaded = self
        load(&loaded)
        if loaded.errors.count > errors.count { throw ConfigurationErrors(errors: Array(loaded.errors[errors.count...])) }
        self = loaded
    }

    /// Deliveries go to the program that embeds the proxy (`Embedding.report`). Another `reporter` contradicts that.
    public mutating func setCallbackReporter() { hasCallbackReporter = true }

    /// For a program that embeds the proxy and has not asked for anything: it gets no files in its home, and its standard output is its own. It may do without a
    /// socket: `socket` may be empty.
    public mutating func useDefaultsForEmbedding() {
        defaults["durability"] = Given(values: [Durability.memory.rawValue], source: .default)
        isEmbedded = true
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
        // What the environment says about coderd is not looked at where another destination was asked for.
        let hasToken = coderToken != nil || defaults["coder-token-file"] != nil || given["coder-token-file"] != nil
        let mayBeCoder =
            given["reporter"].map { names($0, .coder) }
            ?? (given["http-url"] == nil && (hasToken || given["coder-url"] != nil))
        let mayUseCoder = mayBeCoder && !hasCallbackReporter
        let usesOTLP = given["reporter"].map { names($0, .otlp) } == true && !hasCallbackReporter
        for (name, value) in defaults where given[name] == nil {
            switch Options.named(name)?.section {
            case .coder where !mayUseCoder, .otlp where !usesOTLP: continue
            default: given[name] = value
            }
        }
        if mayUseCoder { configuration.coder.token = coderToken }
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
        // A credential that is there serves where nothing else was asked for.
        if configuration.http.headers.haveAuthorization, !configuration.source(of: "http-token-file").isGiven {
            configuration.http.tokenFile = nil
            configuration.sources["http-token-file"] = nil
        }
        if hasCallbackReporter {
            if configuration.source(of: "reporter") != .default { errors.append(contradictsCallback(configuration)) }
            configuration.reporters = [.callback]
            configuration.sources["reporter"] = .program
        }
        if configuration.source(of: "reporter") == .default {
            if configuration.http.url != nil {
                configuration.reporters = [.http]
            } else if configuration.coder.url != nil, configuration.coder.hasToken || configuration.source(of: "coder-url").isGiven {
                configuration.reporters = [.coder]
            }
        }
        if isEmbedded, configuration.reporters.contains(.file), !configuration.source(of: "file-path").isGiven {
            errors.append(ConfigurationError(
                key: "reporter", source: nil, problem: "no destination is given", allowed: "file-path, http-url, coder-url, or a callback of the program"))
        }
        if isEmbedded, configuration.source(of: "no-sandbox").isGiven {
            errors.append(ConfigurationError(
                key: "no-sandbox", source: configuration.source(of: "no-sandbox"), problem: "has no effect in a program that embeds the proxy, which is never confined by it"))
        }
        errors += configuration.contradictions(isInvalid: Set(errors.map(\.key)))
        if !errors.isEmpty { throw ConfigurationErrors(errors: errors) }
        configuration.warnings = configuration.doubts()
        return configuration
    }

    private func names(_ given: Given, _ reporter: ReporterKind) -> Bool {
        given.values.last?.split(separator: ",").contains { $0 == reporter.rawValue } ?? false
    }

    private func contradictsCallback(_ configuration: Configuration) -> ConfigurationError {
        ConfigurationError(
            key: "reporter", value: configuration.reporterNames, source: configuration.source(of: "reporter"),
            problem: "contradicts the program, which has set a callback as the reporter")
    }
}
