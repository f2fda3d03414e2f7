internal import Glibc

/// A spool's directory as somebody sees it who wants to know whether a daemon could work with it. Nothing is made, changed or opened but for reading.
public struct SpoolExamination: Sendable {
    public enum Place: Equatable, Sendable {
        /// It would be made. `above`: the nearest directory that exists.
        case missing(above: String)
        case notADirectory
        case directory(mode: UInt16, owner: UInt32)
        case unknown(errno: Int32)
    }

    public let place: Place
    /// In it is a spool, or nothing, so that a daemon whose own it is narrows its rights.
    public let holdsOnlyASpool: Bool
    /// Of the database and its log.
    public let bytes: Int
    /// The process that serves it: nil when there is none, `.some(nil)` when it left no number.
    public let servedBy: Int32??
    /// Databases that were found damaged, and moved aside.
    public let damaged: [String]

    public init(_ path: String) {
        let directory = SpoolDirectory(path: path)
        var status = stat()
        if stat(path, &status) == 0 {
            place = status.st_mode & S_IFMT == S_IFDIR ? .directory(mode: UInt16(status.st_mode & 0o7777), owner: status.st_uid) : .notADirectory
        } else {
            place = errno == ENOENT ? .missing(above: Self.nearest(above: path)) : .unknown(errno: errno)
        }
        let names = directory.names
        holdsOnlyASpool = names.allSatisfy(SpoolDirectory.isOfASpool)
        bytes = SpoolDirectory.suffixes.reduce(0) { $0 + (SpoolDirectory.size(of: directory.database + $1) ?? 0) }
        servedBy = SpoolLock.holder(of: directory)
        damaged = names.filter { $0.hasPrefix("spool-damaged-") && $0.hasSuffix(".db") }.sorted()
    }

    private static func nearest(above path: String) -> String {
        var path = path[...]
        while true {
            while path.count > 1, path.last == "/" { path.removeLast() }
            guard let slash = path.lastIndex(of: "/") else { return "." }
            path = slash == path.startIndex ? "/" : path[..<slash]
            var status = stat()
            if path == "/" || stat(String(path), &status) == 0 { return String(path) }
        }
    }
}
