import BoundaryLogProxy

enum TestConfiguration {
    /// A configuration as the command line would make it.
    static func make(_ options: [String: String]) throws -> Configuration {
        var builder = ConfigurationBuilder()
        for (name, value) in options { builder.set(name, value, source: .commandLine) }
        return try builder.build()
    }
}
