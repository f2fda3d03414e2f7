import ArgumentParser
import BoundaryLogProxy

extension ConfigurationOptions {
    /// The configuration of command line, environment, file and defaults; all that is wrong is written to standard error, and the exit status is 1.
    func load(environment: [String: String]) throws -> Configuration {
        try Self.load(file: config, given: given, environment: environment)
    }

    static func load(file: String?, given: [(name: String, value: String)], environment: [String: String]) throws -> Configuration {
        do { return try builder(file: file, given: given, environment: environment).build() } catch {
            for error in error.errors { StandardStream.error.write("boundary-log-proxy: \(error)\n") }
            throw ExitCode(1)
        }
    }

    /// Once more, while the daemon runs: as `load`, but what is wrong is thrown.
    func reread(environment: [String: String]) throws(ConfigurationErrors) -> Configuration {
        try Self.builder(file: config, given: given, environment: environment, isReread: true).build()
    }

    private static func builder(
        file: String?, given: [(name: String, value: String)], environment: [String: String], isReread: Bool = false
    ) -> ConfigurationBuilder {
        var builder = ConfigurationBuilder()
        let fromEnvironment = environment[ConfigurationBuilder.configurationFileVariable].flatMap { $0.isEmpty ? nil : $0 }
        if let file = file ?? fromEnvironment { builder.load(file: file, isReread: isReread) }
        builder.load(environment: environment)
        for (name, value) in given { builder.set(name, value, source: .commandLine) }
        return builder
    }
}
