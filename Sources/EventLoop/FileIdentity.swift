internal import Glibc

/// Which file a path means, as opposed to what the path is called.
struct FileIdentity: Equatable {
    private let device: UInt64
    private let inode: UInt64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    /// Of the path itself, not of what a link points to; nil, with `errno`, when it cannot be looked at.
    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}
