import Glibc

/// A fresh directory with a path short enough for Unix sockets, removed with all that is in it when this goes away.
public final class TemporaryDirectory {
    /// E.g. `/tmp/blp.k3J9fQ`.
    public let path: String

    public init() {
        var template = Array("/tmp/blp.XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) }
        precondition(made != nil, "cannot make a directory in /tmp: errno \(errno)")
        path = String(cString: made!)
    }

    deinit {
        Self.remove(path)
    }

    /// The path of `name` in this directory; nothing is made.
    public func path(_ name: String) -> String {
        "\(path)/\(name)"
    }

    private static func remove(_ path: String) {
        // A link is removed, never followed.
        if let directory = isDirectory(path) ? opendir(path) : nil {
            chmod(path, 0o700)
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { remove("\(path)/\(name)") }
            }
            closedir(directory)
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
