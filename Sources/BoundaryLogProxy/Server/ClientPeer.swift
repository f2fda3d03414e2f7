import EventLoop
import Glibc
import Logging

/// Who a client is, as far as the kernel says, noted once when it was accepted.
///
/// User and groups are those that it had when it connected, and cannot be forged. The process's number and name are for people: it may have ended
/// meanwhile, and its number may be another's by then.
public struct ClientPeer: Equatable, Sendable {
    /// nil when the kernel does not say.
    public var credentials: PeerCredentials?
    /// `/proc/PID/comm`, escaped for one line; nil when it cannot be read.
    public var process: String?

    init(of pipe: PipeConnection) {
        credentials = pipe.peer
        process = credentials?.processID.flatMap(Self.processName)
    }

    func add(to metadata: inout Logger.Metadata) {
        if let pid = credentials?.processID { metadata["peer_pid"] = "\(pid)" }
        if let uid = credentials?.userID { metadata["peer_uid"] = "\(uid)" }
        if let gid = credentials?.groupID { metadata["peer_gid"] = "\(gid)" }
        if let process { metadata["peer_process"] = "\(process)" }
    }

    /// Any bytes but NUL, at most 15 of them, chosen by the process itself (proc(5)).
    private static func processName(_ pid: Int32) -> String? {
        let descriptor = open("/proc/\(pid)/comm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { Glibc.close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            guard count > 1 else { return nil }
            // The kernel ends it with a newline.
            return Printable.text(String(decoding: buffer[..<(count - 1)], as: UTF8.self))
        }
    }
}
