import ArgumentParser
import BoundaryLogProxy

extension ConfigurationOptions {
    /// The configuration of command line, environment, file and defaults; all that is wrong is written to standard error, and the exit status is 1.
    func load(environment: [String: String]) throws -> Configuration {
        try Self.load(file: config, given: given, environment: environment)
    }

    static func load(file: String?, given: [(name: String, value: String)], environment: [String: String]) throws -> Configuration {
        do { return try build(file: file, given: given, environment: environment) } catch {
            for error in error.errors { StandardStream.error.write("boundary-log-proxy: \(error)\n") }
            throw ExitCode(1)
        }
    }

    static func build(
        file: String?, given: [(name: String, value: String)], environment: [String: String]
    ) throws(ConfigurationErrors) -> Configuration {
        var builder = ConfigurationBuilder()
        let fromEnvironment = environment[ConfigurationBuilder.configurationFileVariable].flatMap { $0.isEmpty ? nil : $0 }
        if let file = file ?? fromEnvironment { builder.load(file: file) }
        builder.load(environment: environment)
        for (name, value) in given { builder.set(name, value, source: .commandLine) }
        return try builder.build()
    }
}
