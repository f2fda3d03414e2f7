import Glibc

/// A private directory (0700) with a short path, so that a socket in it stays below the 107 bytes of a socket's path.
final class TemporaryDirectory {
    let path: String
    /// Left in place for the user to look at.
    var keep = false

    init() throws(FloodError) {
        var template = Array("/tmp/flood-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .system("cannot make a directory in /tmp") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// Removes all that is in it, and the directory.
    deinit {
        if !keep { Self.remove(path) }
    }

    /// Follows no link.
    private static func remove(_ path: String) {
        DirectorySize.forEachEntry(path) { name in
            let entry = "\(path)/\(name)"
            if unlink(entry) != 0, errno == EISDIR { remove(entry) }
        }
        rmdir(path)
    }
}
