/// A place that the process goes on writing to.
public struct WritablePath: Equatable, Sendable {
    public enum Use: Sendable {
        /// A directory whose files are made, written, renamed and removed. One that is not there yet may be made.
        case files
        /// A directory in which files are made and appended to.
        case appending
        /// A directory from which a socket is removed.
        case removal
        /// A file or a device.
        case file
    }

    public var path: String
    public var use: Use

    public init(_ path: String, _ use: Use) { (self.path, self.use) = (path, use) }

    /// The directory in which `path` lies; the working directory for a bare name.
    public static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
