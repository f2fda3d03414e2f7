import Glibc

/// A small file system in memory, for full and read-only disks. Only root can mount, and not in every container: tests that need it are skipped else,
/// and the runner says so.
final class Mount {
    let path: String
    private var isMounted = true

    static let isPossible: Bool = {
        var template = Array("/tmp/blp-mount.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return false }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { rmdir(path) }
        guard mount("tmpfs", path, "tmpfs", 0, "size=64k") == 0 else { return false }
        return umount2(path, Int32(MNT_DETACH)) == 0
    }()

    /// `size` as mount(8) takes it: `1m`.
    init?(_ path: String, size: String) {
        mkdir(path, 0o700)
        self.path = path
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(size),mode=0700") == 0 else { return nil }
    }

    func resize(_ size: String) -> Bool { mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=\(size)") == 0 }

    func setReadOnly(_ isReadOnly: Bool) -> Bool { mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT) | (isReadOnly ? UInt(MS_RDONLY) : 0), nil) == 0 }

    func unmount() {
        if isMounted { umount2(path, Int32(MNT_DETACH)) }
        isMounted = false
    }

    deinit { unmount() }
}
