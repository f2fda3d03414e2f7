import Glibc

/// A user, with all groups.
struct UserAccount {
    let name: String
    let userID: UInt32
    let groupIDs: Set<UInt32>

    static var this: UserAccount {
        var groups = [gid_t](repeating: 0, count: 65_536)
        let count = getgroups(Int32(groups.count), &groups)
        return UserAccount(name: name(of: geteuid()), userID: geteuid(), groupIDs: Set(groups.prefix(Int(max(count, 0)))).union([getegid()]))
    }

    /// By name or number; nil when there is none.
    init?(named text: String) {
        guard let entry = getpwnam(text) ?? UInt32(text).flatMap({ getpwuid($0) }) else { return nil }
        let name = String(cString: entry.pointee.pw_name)
        let (userID, groupID) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
        var groups = [gid_t](repeating: 0, count: 65_536)
        var count = Int32(groups.count)
        getgrouplist(name, groupID, &groups, &count)
        self.init(name: name, userID: userID, groupIDs: Set(groups.prefix(Int(max(count, 0)))).union([groupID]))
    }

    private init(name: String, userID: UInt32, groupIDs: Set<UInt32>) {
        self.name = name
        self.userID = userID
        self.groupIDs = groupIDs
    }

    static func name(of userID: UInt32) -> String { getpwuid(userID).map { String(cString: $0.pointee.pw_name) } ?? "uid \(userID)" }
    static func groupName(of groupID: UInt32) -> String { getgrgid(groupID).map { String(cString: $0.pointee.gr_name) } ?? "gid \(groupID)" }

    /// Whether the bits of a mode give this user `right` (4 read, 2 write, 1 search), as the kernel decides it: the first of owner, group and others that fits counts.
    func has(_ right: UInt32, mode: UInt32, owner: UInt32, group: UInt32) -> Bool {
        if userID == 0 { return true }
        if userID == owner { return mode >> 6 & right == right }
        if groupIDs.contains(group) { return mode >> 3 & right == right }
        return mode & right == right
    }

    /// The first directory on the way to `path` that this user may not pass; nil when there is none. Access lists are not looked at.
    func obstacle(onTheWayTo path: String) -> String? {
        var directory = path.hasPrefix("/") ? "/" : "."
        var rest = path.split(separator: "/").map(String.init)
        if !rest.isEmpty { rest.removeLast() }
        for component in [""] + rest {
            if !component.isEmpty { directory = directory.hasSuffix("/") ? directory + component : "\(directory)/\(component)" }
            var status = stat()
            guard stat(directory, &status) == 0 else { return directory }
            if !has(1, mode: status.st_mode, owner: status.st_uid, group: status.st_gid) { return directory }
        }
        return nil
    }
}
