/// Where a configuration value came from. Shown in errors and by `check-config`.
public enum ValueSource: Sendable, Hashable {
    /// Nobody gave it.
    case `default`
    /// Nobody gave it, and the default is made from this environment variable (the socket's path, the spool's directory, coderd's address).
    case defaultFromEnvironment(variable: String)
    /// `line` counts from 1.
    case file(path: String, line: Int)
    case environment(variable: String)
    case commandLine
    /// Set by a program that embeds the proxy.
    case program
    /// A socket that was passed.
    case serviceManager

    /// Somebody gave it.
    var isGiven: Bool { rank > 1 }

    /// A higher rank wins, whatever the order in which values are set.
    var rank: Int {
        switch self {
        case .default: 0
        case .defaultFromEnvironment: 1
        case .file: 2
        case .environment: 3
        case .commandLine, .program, .serviceManager: 4
        }
    }
}

extension ValueSource: CustomStringConvertible {
    public var description: String {
        switch self {
        case .default: "default"
        case .defaultFromEnvironment(let variable): "default, from the environment variable \(Printable.text(variable))"
        case .file(let path, let line): "\(Printable.text(path)) line \(line)"
        case .environment(let variable): "environment variable \(Printable.text(variable))"
        case .commandLine: "command line"
        case .program: "set by the program"
        case .serviceManager: "passed by the service manager"
        }
    }
}
