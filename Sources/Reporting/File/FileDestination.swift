/// Where a `FileReporter` writes.
public enum FileDestination: Sendable, Equatable, CustomStringConvertible {
    /// Appended to, made with mode 0600 if it is not there, opened anew by `FileReporter.reopen`.
    case path(String)
    /// A descriptor that somebody else opened and will close, e.g. standard output; `name` is for messages.
    case descriptor(Int32, name: String)

    /// `-` is standard output.
    public init(argument: String) {
        self = argument == "-" ? .descriptor(1, name: "standard output") : .path(argument)
    }

    /// For messages.
    public var description: String {
        switch self {
        case .path(let path): path
        case .descriptor(_, let name): name
        }
    }
}
