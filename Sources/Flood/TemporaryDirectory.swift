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

    /// Removes the files in it and the directory; it has no folders.
    deinit {
        if keep { return }
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { unlink("\(path)/\(name)") }
            }
            closedir(directory)
        }
        rmdir(path)
    }
}
