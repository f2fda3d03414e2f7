import BoundaryLogProxy

enum TestConfiguration {
    /// A configuration as the command line would make it, but that nothing is spooled, in the home directory of whoever runs the tests, unless it is asked for.
    static func make(_ options: [String: String]) throws -> Configuration {
        var builder = ConfigurationBuilder()
        var options = options
        if options["spool-dir"] == nil, options["durability"] == nil { options["durability"] = "memory" }
        for (name, value) in options { builder.set(name, value, source: .commandLine) }
        return try builder.build()
    }
}
