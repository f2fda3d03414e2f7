/// Why a spool cannot be used by this process at all: a mistake that someone has to put right. What may end by itself (no rights, no space,
/// read-only) is none of these; it is told with each job as a `SpoolFailure`.
public enum SpoolError: Error, Equatable, Sendable {
    /// Another process serves this directory. `processID` is nil when it could not be learnt.
    case inUse(directory: String, processID: Int32?)
    /// Others may write to the directory, and it is not ours alone, so that its rights are left as they are.
    case notPrivate(directory: String)
}

extension SpoolError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .inUse(let directory, let processID):
            "cannot use the spool \(directory): another process is using it" + (processID.map { " (pid \($0))" } ?? "") + "; give each a spool of its own"
        case .notPrivate(let directory):
            "cannot use the spool \(directory): others may write to this directory, and it holds other files; give the spool one of its own, with rights 0700"
        }
    }
}
