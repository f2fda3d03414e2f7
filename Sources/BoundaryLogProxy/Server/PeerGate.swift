import EventLoop

/// Whom the proxy listens to, besides what the socket's mode says (`--allow-uid`, `--allow-gid`). With neither: everybody who can connect.
struct PeerGate: Equatable {
    private(set) var users: [UInt32] = []
    private(set) var groups: [UInt32] = []

    /// Everybody.
    init() {}

    init(users: [UInt32], groups: [UInt32]) { (self.users, self.groups) = (users, groups) }

    /// Looks names up. They are looked up once: an account that is made later is not known.
    init(_ configuration: Configuration) throws(StartFailure) {
        for name in configuration.allowUsers {
            do { users.append(try Account.userID(named: name)) } catch { throw StartFailure("allow-uid: \(error)") }
        }
        for name in configuration.allowGroups {
            do { groups.append(try Account.groupID(named: name)) } catch { throw StartFailure("allow-gid: \(error)") }
        }
    }

    var isOpen: Bool { users.isEmpty && groups.isEmpty }

    /// Either list suffices. `supplementary` is asked only when nothing else admits; who is unknown is not admitted.
    func admits(_ peer: PeerCredentials?, supplementary: () -> [UInt32]) -> Bool {
        if isOpen { return true }
        guard let peer else { return false }
        if users.contains(peer.userID) || groups.contains(peer.groupID) { return true }
        return !groups.isEmpty && supplementary().contains(where: groups.contains)
    }

    /// Of a process of that user, with all its groups.
    func admits(userID: UInt32, groupIDs: Set<UInt32>) -> Bool { isOpen || users.contains(userID) || groups.contains(where: groupIDs.contains) }
}
