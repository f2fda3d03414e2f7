internal import Glibc

/// Makes the listening Unix socket of a server, with all the checks of a good start.
public struct ListeningSocket: ~Copyable {
    public let path: String
    private let descriptor: OwnedDescriptor
    private let identity: FileIdentity

    /// Replaces a stale socket (it is a socket, and connecting is refused); deletes nothing else, whatever fails. The socket never
    /// exists with wider rights than `mode` (of which the lowest nine bits count), and never with rights for a group other than
    /// `groupID`, if given. The umask has no influence on the result. It listens when this returns.
    ///
    /// https://man7.org/linux/man-pages/man7/unix.7.html
    public init(path: String, mode: UInt16, groupID: UInt32?) throws(Failure) {
        let bytes = path.utf8.count
        guard bytes <= UnixSocket.pathBytesMax else { throw .pathTooLong(path, bytes: bytes) }
        guard bytes > 0, !path.utf8.contains(0) else {
            throw .system(LoopError(errno: EINVAL, attempt: "listen on a socket with an empty path or a zero byte in it"))
        }
        // Two proxies that start at once are lined up; where the directory cannot be locked, we go on without.
        let lock = try DirectoryLock(of: Self.directory(of: path), socketPath: path)
        defer { lock.release() }
        try Self.clearStaleSocket(path)
        (descriptor, identity) = try Self.bindAndListen(path, mode: mode & 0o777, groupID: groupID)
        self.path = path
    }

    /// The group's number, by its name or by a number written as text.
    public static func groupID(named name: String) throws(Failure) -> UInt32 {
        if let number = UInt32(name), number != .max { return number }
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var size = 1024
        while true {
            let code = withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
                getgrnam_r(name, &entry, buffer.baseAddress!, buffer.count, &found)
            }
            if code == ERANGE, size < 1 << 20 {
                size *= 4
            } else if code == EINTR {
                continue
            } else {
                guard found != nil else { throw .unknownGroup(name) }
                return entry.gr_gid
            }
        }
    }

    /// Hands the descriptor on (to PipeListener), once; `unlink` still works.
    public func takeDescriptor() -> Int32 {
        descriptor.take()
    }

    /// Removes the path if it still is this very socket (device and inode).
    public func unlink() {
        guard FileIdentity(path) == identity else { return }
        Glibc.unlink(path)
    }

    /// Changes the rights of the path, if it still is this very socket. Meanwhile only the owner has any: what one group may do does not become another's.
    public func changeRights(mode: UInt16, groupID: UInt32) throws(Failure) {
        func failure(_ attempt: String) -> Failure { .system(LoopError(errno: errno, attempt: "\(attempt) \(path)")) }
        var before = stat()
        guard lstat(path, &before) == 0 else { throw failure("look at") }
        guard FileIdentity(before) == identity else { throw .system(LoopError(errno: EBUSY, attempt: "change the rights of \(path)")) }
        if before.st_gid != groupID {
            guard chmod(path, before.st_mode & 0o700) == 0 else { throw failure("set the mode of") }
            guard lchown(path, uid_t.max, groupID) == 0 else {
                let failure = failure("change the group of")
                chmod(path, before.st_mode & 0o777)
                throw failure
            }
        }
        guard chmod(path, mode_t(mode & 0o777)) == 0 else { throw failure("set the mode of") }
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func clearStaleSocket(_ path: String) throws(Failure) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw .system(LoopError(errno: errno, attempt: "look at \(path)"))
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path, kind: kind(of: status.st_mode, path)) }

        let probe: Int32
        do { probe = try UnixSocket.make() } catch { throw .system(error) }
        defer { Glibc.close(probe) }
        switch UnixSocket.connect(probe, to: path) {
        case 0: throw .alreadyServed(path, processID: UnixSocket.peer(of: probe)?.processID)
        // A full backlog is a sign of life, and so is a socket of another type: of a dead one the kernel only knows that nobody answers.
        case EAGAIN, EPROTOTYPE: throw .alreadyServed(path, processID: nil)
        case ECONNREFUSED:
            guard FileIdentity(path) == FileIdentity(status) else {
                throw .system(LoopError(errno: EBUSY, attempt: "replace \(path)"))
            }
            guard Glibc.unlink(path) == 0 || errno == ENOENT else {
                throw .system(LoopError(errno: errno, attempt: "remove the stale socket \(path)"))
            }
        case ENOENT: return
        case let code: throw .system(LoopError(errno: code, attempt: "find out whether \(path) is being served"))
        }
    }

    private static func bindAndListen(
        _ path: String, mode: UInt16, groupID: UInt32?
    ) throws(Failure) -> (OwnedDescriptor, FileIdentity) {
        let socket: OwnedDescriptor
        do { socket = OwnedDescriptor(try UnixSocket.make()) } catch { throw .system(error) }
        func failure(_ code: Int32, _ attempt: String) -> Failure { .system(LoopError(errno: code, attempt: "\(attempt) \(path)")) }

        // On Linux bind gives the path the rights of the socket's own inode, less the umask.
        guard fchmod(socket.value, mode_t(mode & 0o600)) == 0 else { throw failure(errno, "set the mode of") }
        let code = UnixSocket.withAddress(of: path) { bind(socket.value, $0, $1) }
        guard code == 0 else { throw failure(code, "listen on") }
        guard let identity = FileIdentity(path) else { throw failure(errno, "look at") }
        do throws(Failure) {
            // Group before mode: until both are right, only the owner has rights. lchown: never through a link.
            if let groupID, lchown(path, uid_t.max, groupID) != 0 { throw failure(errno, "change the group of") }
            guard FileIdentity(path) == identity else { throw failure(EBUSY, "listen on") }
            guard chmod(path, mode_t(mode)) == 0 else { throw failure(errno, "set the mode of") }
            guard listen(socket.value, Int32(SOMAXCONN)) == 0 else { throw failure(errno, "listen on") }
            return (socket, identity)
        } catch {
            if FileIdentity(path) == identity { Glibc.unlink(path) }
            throw error
        }
    }

    private static func kind(of mode: mode_t, _ path: String) -> String {
        switch mode & S_IFMT {
        case S_IFREG: "a regular file"
        case S_IFDIR: "a directory"
        case S_IFIFO: "a named pipe"
        case S_IFCHR: "a character device"
        case S_IFBLK: "a block device"
        case S_IFLNK: "a symbolic link" + (linkTarget(path).map { " to \($0)" } ?? "")
        default: "a file of an unknown kind"
        }
    }

    private static func linkTarget(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX) + 1) { buffer in
            let count = readlink(path, buffer.baseAddress!, Int(PATH_MAX))
            guard count >= 0 else { return nil }
            buffer[count] = 0
            return String(cString: buffer.baseAddress!)
        }
    }
}
