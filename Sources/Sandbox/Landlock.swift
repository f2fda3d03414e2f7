internal import CLandlock
internal import Glibc

/// Landlock: the kernel refuses, by path, what was not allowed before. Reading stays free (certificates, names, time zones and tokens lie anywhere).
///
/// https://docs.kernel.org/userspace-api/landlock.html
enum Landlock {
    /// Rights to files, as far as we make use of them.
    private enum Right {
        static let execute: UInt64 = 1 << 0
        static let writeFile: UInt64 = 1 << 1
        static let removeDirectory: UInt64 = 1 << 4
        static let removeFile: UInt64 = 1 << 5
        static let makeDirectory: UInt64 = 1 << 7
        static let makeFile: UInt64 = 1 << 8
        /// Devices, directories, files, sockets, FIFOs, block devices, links.
        static let makeAny: UInt64 = 0b111_1111 << 6
        /// ABI 2: moving or linking from one directory to another.
        static let refer: UInt64 = 1 << 13
        /// ABI 3.
        static let truncate: UInt64 = 1 << 14
        /// ABI 5: ioctl on devices that are opened from now on.
        static let deviceControl: UInt64 = 1 << 15
    }
    /// ABI 4.
    private static let bindTCP: UInt64 = 1 << 0
    /// ABI 6: signals to processes outside.
    private static let signals: UInt64 = 1 << 1

    /// All that is refused where nothing allows it, in the kernel's ABI.
    private static func handled(_ version: Int) -> blp_landlock_ruleset {
        var files = Right.execute | Right.writeFile | Right.removeDirectory | Right.removeFile | Right.makeAny
        if version >= 2 { files |= Right.refer }
        if version >= 3 { files |= Right.truncate }
        if version >= 5 { files |= Right.deviceControl }
        return blp_landlock_ruleset(file_rights: files, network_rights: version >= 4 ? bindTCP : 0, scopes: version >= 6 ? signals : 0)
    }

    /// The ABI, and places that will not be writable although they should be.
    static func enter(writable: [WritablePath]) throws(Sandbox.Failure) -> (version: Int, problems: [String]) {
        let version = blp_landlock_abi()
        guard version > 0 else { throw Sandbox.Failure(errno, "landlock_create_ruleset") }
        var handled = handled(version)
        let ruleset = blp_landlock_create(&handled)
        guard ruleset >= 0 else { throw Sandbox.Failure(errno, "landlock_create_ruleset") }
        defer { close(ruleset) }
        var problems: [String] = []
        for place in writable {
            if let problem = allow(place, ruleset, handled.file_rights) { problems.append(problem) }
        }
        guard blp_landlock_restrict_self(ruleset) == 0 else { throw Sandbox.Failure(errno, "landlock_restrict_self") }
        return (version, problems)
    }

    private static func allow(_ place: WritablePath, _ ruleset: Int32, _ handled: UInt64) -> String? {
        var (path, rights) = (place.path, rights(for: place.use))
        var descriptor = blp_open_path(path)
        if place.use == .files {
            // What is made later gets its rights from the nearest directory above that is there.
            while descriptor < 0, errno == ENOENT {
                rights |= Right.makeDirectory
                let parent = WritablePath.directory(of: path)
                if parent == path { break }
                path = parent
                descriptor = blp_open_path(path)
            }
        }
        guard descriptor >= 0 else { return "\(place.path) will not be writable: \(String(cString: strerror(errno)))" }
        defer { close(descriptor) }
        // EBADFD: a pipe or socket, found through /proc, to which Landlock does not apply.
        guard blp_landlock_allow(ruleset, descriptor, rights & handled) == 0 || errno == EBADFD else {
            return "\(place.path) will not be writable: \(String(cString: strerror(errno)))"
        }
        return path == place.path ? nil : "\(place.path) is not there, so that all of \(path) is writable"
    }

    private static func rights(for use: WritablePath.Use) -> UInt64 {
        switch use {
        case .files: Right.writeFile | Right.truncate | Right.makeFile | Right.removeFile
        case .appending: Right.writeFile | Right.makeFile
        case .removal: Right.removeFile
        case .file: Right.writeFile
        }
    }
}
