internal import Glibc

/// The directory of a spool, and what lies in it:
///
///     spool.db, -wal, -shm        the database
///     spool.lock                  held (flock) by the process that serves it, which writes its number there
///     spool-new.db                a database in the making: worth nothing before it has another name
///     spool-rebuilt.db            made of what could be read of a damaged spool.db, whose place it is about to take
///     spool-damaged-TIME.db, …    damaged ones, the newest `damagedMax`
struct SpoolDirectory: Sendable {
    /// Moved-aside databases that are kept.
    static let damagedMax = 2
    static let suffixes = ["-wal", "-shm", ""]

    let path: String

    var database: String { file("spool.db") }
    var lock: String { file("spool.lock") }
    var new: String { file("spool-new.db") }
    var rebuilt: String { file("spool-rebuilt.db") }

    func file(_ name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

    /// Makes the directory, and those above it, with rights 0700. One that is there is narrowed to 0700 if it is ours and holds nothing but a spool;
    /// another is taken as it is, because our files are 0600, unless others may write to it and so put files of theirs in the place of ours.
    func prepare() throws(SpoolProblem) {
        var status = stat()
        if stat(path, &status) != 0 {
            guard errno == ENOENT else { throw SpoolProblem(errno: errno, attempt: "open the spool \(path)") }
            try make(path)
            guard stat(path, &status) == 0 else { throw SpoolProblem(errno: errno, attempt: "open the spool \(path)") }
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw SpoolProblem(errno: ENOTDIR, attempt: "open the spool \(path)") }
        guard status.st_mode & 0o077 != 0 else { return }
        if status.st_uid == geteuid(), names.allSatisfy(Self.isOfASpool), chmod(path, 0o700) == 0 { return }
        if status.st_mode & 0o022 != 0 { throw .error(.notPrivate(directory: path)) }
    }

    static func isOfASpool(_ name: String) -> Bool { name.hasPrefix("spool.") || name.hasPrefix("spool-") }

    private func make(_ path: String) throws(SpoolProblem) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        var parent = path[...]
        while parent.last == "/" { parent.removeLast() }
        while let last = parent.last, last != "/" { parent.removeLast() }
        guard errno == ENOENT, parent.count > 1 else { throw SpoolProblem(errno: errno, attempt: "make the spool's directory \(path)") }
        try make(String(parent))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SpoolProblem(errno: errno, attempt: "make the spool's directory \(path)") }
    }

    /// Names of what is in it; none when it cannot be read.
    var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func exists(_ path: String) -> Bool { size(of: path) != nil }

    static func size(of path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    /// Renames are for good once the directory is synced.
    func sync() {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    func move(_ source: String, to destination: String) throws(SpoolProblem) {
        guard rename(source, destination) == 0 || errno == ENOENT else { throw SpoolProblem(errno: errno, attempt: "rename \(source)") }
    }

    /// An empty file with rights 0600, in place of what was there. SQLite gives its -wal and -shm the rights of the database.
    func makeEmpty(_ file: String) throws(SpoolProblem) {
        remove(file)
        let descriptor = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SpoolProblem(errno: errno, attempt: "make \(file)") }
        close(descriptor)
    }

    func remove(_ database: String) {
        for suffix in Self.suffixes { unlink(database + suffix) }
    }

    /// Moves the database out of the way, under the time `unixNanoseconds`, and removes those that were moved before but for the newest.
    /// The write-ahead log goes first: one without its database would be taken for the next one's.
    func moveAside(unixNanoseconds: Int64) throws(SpoolProblem) -> String {
        let stem = "spool-damaged-\(UTCTime.compact(unixNanoseconds))"
        var destination = file("\(stem).db")
        var number = 2
        while Self.suffixes.contains(where: { Self.exists(destination + $0) }) {
            destination = file("\(stem)-\(number).db")
            number += 1
        }
        for suffix in Self.suffixes { try move(database + suffix, to: destination + suffix) }
        let damaged = names.filter { $0.hasPrefix("spool-damaged-") && $0.hasSuffix(".db") }.sorted()
        for name in damaged.dropLast(Self.damagedMax) { remove(file(name)) }
        return destination
    }
}
