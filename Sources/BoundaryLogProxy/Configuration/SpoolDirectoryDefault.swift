import Glibc

/// Where the spool is when nobody says.
enum SpoolDirectoryDefault {
    static let text = "$STATE_DIRECTORY, else $XDG_STATE_HOME/boundary-log-proxy, else ~/.local/state/boundary-log-proxy"

    /// `nil` when none of the variables is of use.
    static func from(_ environment: [String: String]) -> (path: String, variable: String)? {
        // A service of systemd may have several state directories, the paths joined by colons.
        // https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory=
        if let first = environment["STATE_DIRECTORY"]?.split(separator: ":").first { return (String(first), "STATE_DIRECTORY") }
        // Relative paths in it are to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
        if let base = environment["XDG_STATE_HOME"], base.hasPrefix("/") { return (below(base, "boundary-log-proxy"), "XDG_STATE_HOME") }
        if let home = environment["HOME"], home.hasPrefix("/") { return (inHome(home), "HOME") }
        return nil
    }

    /// By the user database; for a user whom it does not know, where a service would have it.
    /// https://man7.org/linux/man-pages/man3/getpwuid.3.html
    static let ofUser: String = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 << 10) { buffer in
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        let home = getpwuid_r(geteuid(), &entry, buffer.baseAddress!, buffer.count, &found) == 0 && found != nil ? String(cString: entry.pw_dir) : ""
        return home.hasPrefix("/") ? inHome(home) : "/var/lib/boundary-log-proxy"
    }

    private static func inHome(_ home: String) -> String { below(home, ".local/state/boundary-log-proxy") }

    private static func below(_ directory: String, _ name: String) -> String { directory + (directory.hasSuffix("/") ? "" : "/") + name }
}
