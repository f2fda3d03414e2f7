internal import CLibUV
internal import Glibc

/// Who is at the other end of a Unix socket, as the kernel noted it when they connected (or, seen from the client, called listen): what the process did
/// later, and who inherited the descriptor, does not show.
///
/// https://man7.org/linux/man-pages/man7/unix.7.html (SO_PEERCRED, SO_PEERGROUPS)
public struct PeerCredentials: Equatable, Sendable {
    /// nil for a process of a PID namespace that is not visible from ours: a sidecar's client in another container.
    public var processID: Int32?
    public var userID: UInt32
    /// The effective group; for the others see `PipeConnection.peerGroups`.
    public var groupID: UInt32

    /// nil when the kernel does not say.
    init?(of descriptor: Int32) {
        var credentials = blp_peer_credentials()
        var size = socklen_t(MemoryLayout<blp_peer_credentials>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0, credentials.user != .max else { return nil }
        processID = credentials.process > 0 ? credentials.process : nil
        userID = credentials.user
        groupID = credentials.group
    }

    /// The supplementary groups; empty when there are none or the kernel does not say.
    static func groups(of descriptor: Int32) -> [UInt32] {
        var size = socklen_t(64 * MemoryLayout<gid_t>.size)
        // Once more where there are more: then the kernel has said how many.
        for _ in 0..<2 {
            var groups = [gid_t](repeating: 0, count: Int(size) / MemoryLayout<gid_t>.size)
            let code = getsockopt(descriptor, SOL_SOCKET, blp_so_peergroups, &groups, &size)
            if code == 0 { return Array(groups.prefix(Int(size) / MemoryLayout<gid_t>.size)) }
            guard errno == ERANGE else { return [] }
        }
        return []
    }
}
