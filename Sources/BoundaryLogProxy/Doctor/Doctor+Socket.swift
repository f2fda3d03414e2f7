import EventLoop
import Glibc

extension Doctor {
    /// Where clients connect.
    mutating func examineSocket() {
        guard let path = configuration.socketPath else { return }
        let bytes = path.utf8.count
        guard bytes <= ListeningSocket.pathBytesMax else {
            return fail(
                "socket", "\(path): the path has \(bytes) bytes, and a Unix socket's may have \(ListeningSocket.pathBytesMax)",
                "choose a shorter --socket")
        }
        let directory = ListeningSocket.directory(of: path)
        var status = stat()
        guard stat(directory, &status) == 0 else {
            let code = errno
            return fail(
                "socket", "\(path): cannot look at the directory \(directory): \(Self.text(code))",
                code == ENOENT ? "make the directory, or choose another --socket" : "see to the directory's rights")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { return fail("socket", "\(path): \(directory) is not a directory", "choose another --socket") }
        examineOccupant(of: path, directory)
        examineGroup()
        let gate = examineGate()
        examineUser(path, gate)
    }

    private mutating func examineOccupant(of path: String, _ directory: String) {
        if let process = OtherProcess.listening(on: path) { return isServed(path, process) }
        do throws(ListeningSocket.Failure) {
            let occupant = try ListeningSocket.occupant(of: path)
            switch occupant {
            case .served(let id?): isServed(path, OtherProcess(id: id))
            case .served(nil):
                warn(
                    "socket", "\(path): a process serves it that cannot be told",
                    "if that is the daemon, it does not accept: look at its log")
            case .notASocket(let kind):
                fail(
                    "socket", "\(path): it exists and is \(kind), not a socket",
                    "remove it, or choose another --socket; the daemon deletes only sockets")
            case .nothing, .stale:
                if let obstacle = Self.obstacle(toWritingIn: directory) {
                    fail("socket", "\(path): \(obstacle)", "see to the directory's rights, or choose another --socket")
                } else if case .stale = occupant {
                    ok("socket", "\(path): left behind by a process that is gone; the next start replaces it")
                } else {
                    ok("socket", "\(path): nobody serves it, and it can be made")
                }
            }
        } catch {
            fail("socket", "\(error)", "see to the rights of the socket and its directory")
        }
    }

    private mutating func isServed(_ path: String, _ process: OtherProcess) {
        guard let name = process.name, "boundary-log-proxy".hasPrefix(name) else {
            return fail(
                "socket", "\(path): served by \(process.name ?? "a process") (pid \(process.id)), not by this program",
                "stop that process, or choose another --socket")
        }
        daemon = process
        ok("socket", "\(path): served by a running daemon (pid \(process.id))")
        if let userID = process.userID, userID != geteuid() {
            warn(
                "user", "the daemon runs as \(UserAccount.name(of: userID)), and this as \(UserAccount.this.name): rights may differ",
                "run doctor as the daemon's user, with its environment")
        }
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        let mode = UInt16(status.st_mode & 0o777)
        if mode != configuration.socketMode {
            warn(
                "socket mode", "the socket has \(Self.octal(mode)), and the configuration says \(Self.octal(configuration.socketMode))",
                "restart the daemon if its configuration has changed; else somebody changed the socket")
        } else {
            ok("socket mode", "\(Self.octal(mode)), owner \(UserAccount.name(of: status.st_uid)), group \(UserAccount.groupName(of: status.st_gid))")
        }
        if let wanted = configuration.socketGroup, let groupID = try? ListeningSocket.groupID(named: wanted), groupID != status.st_gid {
            warn(
                "socket group", "the socket's group is \(UserAccount.groupName(of: status.st_gid)), and the configuration says \(wanted)",
                "restart the daemon if its configuration has changed; else somebody changed the socket")
        }
    }

    private mutating func examineGroup() {
        guard let name = configuration.socketGroup else { return }
        do throws(ListeningSocket.Failure) {
            let groupID = try ListeningSocket.groupID(named: name)
            let us = UserAccount.this
            if us.userID != 0, !us.groupIDs.contains(groupID) {
                fail(
                    "socket group", "\(us.name) is not in the group \(name), and so cannot give it the socket",
                    "add the daemon's user to the group, or change --socket-group")
            } else {
                ok("socket group", "\(name) (gid \(groupID))")
            }
        } catch { fail("socket group", "\(error)", "make the group, or change --socket-group") }
    }

    /// Who may speak; nil when that cannot be told.
    private mutating func examineGate() -> PeerGate? {
        do throws(StartFailure) {
            let gate = try PeerGate(configuration)
            if !gate.isOpen {
                let users = gate.users.map { UserAccount.name(of: $0) }, groups = gate.groups.map { UserAccount.groupName(of: $0) }
                let who = [("the users ", users), ("members of the groups ", groups)].filter { !$0.1.isEmpty }.map { $0.0 + $0.1.joined(separator: ", ") }
                ok("allowed clients", who.joined(separator: " and "))
            }
            return gate
        } catch {
            fail("allowed clients", "\(error)", "name users and groups of this machine, or their numbers")
            return nil
        }
    }

    /// Whether the user of `--user` could connect, and speak, to the socket that is there or that would be made.
    private mutating func examineUser(_ path: String, _ gate: PeerGate?) {
        guard let user else { return }
        guard let account = UserAccount(named: user) else {
            return fail(
                "client", "there is no user \(user)",
                "name one of this machine, or its number")
        }
        if let obstacle = account.obstacle(onTheWayTo: path) {
            return fail(
                "client", "\(account.name) cannot pass the directory \(obstacle) on the way to \(path)",
                "choose a --socket in a directory that its clients can reach")
        }
        var status = stat()
        let isThere = daemon != nil && lstat(path, &status) == 0
        let mode = isThere ? UInt32(status.st_mode) & 0o777 : UInt32(configuration.socketMode)
        let owner = isThere ? status.st_uid : geteuid()
        let group = isThere ? status.st_gid : configuration.socketGroup.flatMap { try? ListeningSocket.groupID(named: $0) } ?? getegid()
        if account.has(2, mode: mode, owner: owner, group: group) {
            if let gate, !gate.admits(userID: account.userID, groupIDs: account.groupIDs) {
                return fail(
                    "client", "\(account.name) can connect to \(path), and is refused then",
                    "name it with --allow-uid, or one of its groups with --allow-gid")
            }
            ok("client", "\(account.name) can connect to \(path)")
        } else {
            fail(
                "client", "\(account.name) cannot connect to \(path): mode \(Self.octal(UInt16(mode))), owner \(UserAccount.name(of: owner)), group \(UserAccount.groupName(of: group))",
                "run the client as \(UserAccount.name(of: owner)), or give both a group: --socket-mode 0660 --socket-group GROUP")
        }
    }

    // MARK: For all checks

    /// Why the effective user cannot make files in a directory; nil: it can.
    static func obstacle(toWritingIn directory: String) -> String? {
        guard faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) != 0 else { return nil }
        let code = errno
        return "\(directory) is not writable by \(UserAccount.this.name): \(text(code))"
    }

    static func octal(_ mode: UInt16) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    static func text(_ code: Int32) -> String { LoopError(errno: code, attempt: "").reason }
}
