import Glibc

/// What a file system has room for, and of which kind it is.
/// https://man7.org/linux/man-pages/man3/statvfs.3.html
struct FileSystemFacts {
    enum Kind: Equatable {
        /// SQLite's write-ahead log needs memory that all its processes share, and locks that hold: https://sqlite.org/wal.html
        case network(String)
        /// Gone when the machine or its container is.
        case memory
        case usual
    }

    let kind: Kind
    /// For users without privileges.
    let bytesFree: Int
    /// nil where the file system does not count them.
    let inodesFree: Int?
    let isReadOnly: Bool

    /// nil, with `errno`, when it cannot be asked.
    init?(_ path: String) {
        var counts = statvfs()
        guard statvfs(path, &counts) == 0 else { return nil }
        kind = Self.kind(ofType: Self.mountType(of: path, in: ProcFile.text("/proc/self/mountinfo") ?? ""))
        bytesFree = Int(clamping: counts.f_bavail.multipliedReportingOverflow(by: counts.f_frsize).partialValue)
        inodesFree = counts.f_files > 0 ? Int(clamping: counts.f_favail) : nil
        isReadOnly = counts.f_flag & UInt(ST_RDONLY) != 0
    }

    /// Names as the kernel's list of mounts has them.
    static func kind(ofType type: String) -> Kind {
        switch type {
        case "tmpfs", "ramfs": .memory
        case "nfs", "nfs4", "9p", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "glusterfs", "ocfs2", "gfs2", "vboxsf", "virtiofs": .network(type)
        case _ where type.hasPrefix("fuse."): .network(type)
        default: .usual
        }
    }

    /// Of the mount that covers a path, the last of those with the longest name; empty when there is none.
    /// https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
    static func mountType(of path: String, in mounts: String) -> String {
        let absolute = realpath(path, nil).map { pointer in
            defer { free(pointer) }
            return String(cString: pointer)
        }
        guard let absolute else { return "" }
        var (longest, type) = (0, "")
        for line in mounts.split(separator: "\n") {
            // ID parent major:minor root MOUNTPOINT options… - TYPE source options
            let words = line.split(separator: " ")
            guard words.count > 6, let dash = words.firstIndex(of: "-"), dash + 1 < words.count else { continue }
            let point = unescaped(words[4])
            let covers = point == "/" || absolute == point || absolute.hasPrefix(point + "/")
            if covers, point.utf8.count >= longest { (longest, type) = (point.utf8.count, String(words[dash + 1])) }
        }
        return type
    }

    /// The kernel writes white space and backslashes as three octal digits.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
