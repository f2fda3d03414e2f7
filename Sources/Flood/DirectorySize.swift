import Glibc

enum DirectorySize {
    /// Bytes of disk that the files below a directory take, folders themselves not counted; 0 when it is not there.
    static func allocatedBytes(_ path: String) -> Int {
        var sum = 0
        forEachEntry(path) { name in
            var status = stat()
            guard lstat("\(path)/\(name)", &status) == 0 else { return }
            switch status.st_mode & S_IFMT {
            case S_IFREG: sum += Int(status.st_blocks) * 512
            case S_IFDIR: sum += allocatedBytes("\(path)/\(name)")
            default: break
            }
        }
        return sum
    }

    static func forEachEntry(_ path: String, _ body: (String) -> Void) {
        guard let directory = opendir(path) else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if name != ".", name != ".." { body(name) }
        }
    }
}
