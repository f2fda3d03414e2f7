internal import Glibc

/// Numbers of users and groups by their names.
public enum Account {
    public struct Unknown: Error, Equatable, Sendable, CustomStringConvertible {
        /// `user` or `group`.
        public var kind: String
        public var name: String
        public var description: String { "there is no \(kind) \(name)" }
    }

    /// The user's number, by name or by a number written as text.
    /// https://man7.org/linux/man-pages/man3/getpwnam.3.html
    public static func userID(named name: String) throws(Unknown) -> UInt32 {
        try number(name, "user", passwd(), getpwnam_r) { $0.pw_uid }
    }

    /// The group's number, likewise.
    /// https://man7.org/linux/man-pages/man3/getgrnam.3.html
    public static func groupID(named name: String) throws(Unknown) -> UInt32 {
        try number(name, "group", group(), getgrnam_r) { $0.gr_gid }
    }

    private typealias Lookup<Entry> = (
        UnsafePointer<CChar>, UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
    ) -> Int32

    private static func number<Entry>(
        _ name: String, _ kind: String, _ entry: Entry, _ lookUp: Lookup<Entry>, _ number: (Entry) -> UInt32
    ) throws(Unknown) -> UInt32 {
        if let number = UInt32(name), number != .max { return number }
        var entry = entry
        var found: UnsafeMutablePointer<Entry>?
        var size = 1024
        while true {
            let code = withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
                lookUp(name, &entry, buffer.baseAddress!, buffer.count, &found)
            }
            if code == ERANGE, size < 1 << 20 {
                size *= 4
            } else if code == EINTR {
                continue
            } else {
                guard found != nil else { throw Unknown(kind: kind, name: name) }
                return number(entry)
            }
        }
    }
}
