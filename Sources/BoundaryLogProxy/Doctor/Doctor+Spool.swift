import Glibc
import Spool

extension Doctor {
    /// A database needs so much to be made at all: its first pages and the beginning of its write-ahead log.
    private static let spoolBytesMin = 1 << 20
    /// The database, its log, the shared memory, the lock, and a copy while it is mended.
    private static let spoolInodesMin = 8

    /// What waits longer than memory is good for.
    mutating func examineSpools() {
        guard configuration.durability != .memory else {
            return ok("spool", "none: --durability memory loses what was not delivered when the process ends")
        }
        for reporter in configuration.reporters { examineSpool(configuration.spoolDirectory(of: reporter)) }
    }

    private mutating func examineSpool(_ path: String) {
        let spool = SpoolExamination(path)
        switch spool.place {
        case .unknown(let code):
            return fail(
                "spool", "cannot look at \(path): \(Self.text(code))",
                "see to the rights of the directories above, or choose another --spool-dir")
        case .notADirectory: return fail("spool", "\(path) is not a directory", "choose another --spool-dir")
        case .missing(let above):
            if let obstacle = Self.obstacle(toWritingIn: above) {
                return fail(
                    "spool", "\(path) does not exist, and cannot be made: \(obstacle)",
                    "make the directory, owned by the daemon's user, with rights 0700; or choose another --spool-dir")
            }
            ok("spool", "\(path) does not exist yet, and can be made")
            return examineRoom(at: above, spool)
        case .directory(let mode, let owner): examineRights(path, mode, owner, spool)
        }
        examineHolder(path, spool)
        if !spool.damaged.isEmpty {
            warn(
                "spool damage", "\(spool.damaged.count) damaged databases lie in \(path), the last is \(spool.damaged.last!)",
                "look at the disk; 'sqlite3 FILE .recover' may find more than the daemon did; then remove them")
        }
        examineRoom(at: path, spool)
    }

    private mutating func examineRights(_ path: String, _ mode: UInt16, _ owner: UInt32, _ spool: SpoolExamination) {
        let us = UserAccount.this
        if let obstacle = Self.obstacle(toWritingIn: path) {
            fail("spool", "\(obstacle); its owner is \(UserAccount.name(of: owner))", "give it to the daemon's user: chown \(us.name) \(path)")
        } else if mode & 0o077 == 0 {
            ok("spool", "\(path): rights \(Self.octal(mode)), owner \(UserAccount.name(of: owner))")
        } else if owner == us.userID, spool.holdsOnlyASpool {
            ok("spool", "\(path): rights \(Self.octal(mode)), narrowed to 0700 at the start")
        } else if mode & 0o022 != 0 {
            fail(
                "spool", "\(path): others may write to it (\(Self.octal(mode))), and so put files in the place of the spool's; the daemon does not start",
                "a directory of its own: --spool-dir")
        } else {
            warn("spool", "\(path): others may see into it (\(Self.octal(mode)))", "chmod 0700 \(path); the spool's files themselves are 0600")
        }
    }

    private mutating func examineHolder(_ path: String, _ spool: SpoolExamination) {
        // Whoever may not look into the directory has been told of that.
        guard faccessat(AT_FDCWD, path, R_OK | X_OK, AT_EACCESS) == 0 else { return }
        switch spool.servedBy {
        case nil: ok("spool lock", daemon == nil ? "free" : "free: the daemon that serves the socket does not use this directory")
        case .some(let id?) where id == daemon?.id: ok("spool lock", "held by the running daemon (pid \(id))")
        case .some(let id):
            fail(
                "spool lock", "held by another process (\(id.map { "pid \($0), \(OtherProcess(id: $0).name ?? "unknown")" } ?? "which left no number")) than the socket",
                "one directory serves one daemon: choose another --spool-dir for one of them")
        }
    }

    private mutating func examineRoom(at path: String, _ spool: SpoolExamination) {
        guard let facts = FileSystemFacts(path) else {
            return warn(
                "spool disk", "cannot ask for the free space of \(path): \(Self.text(errno))",
                "look at it yourself: df \(path)")
        }
        if facts.isReadOnly {
            return fail(
                "spool disk", "the file system of \(path) is read-only",
                "mount it writable, or choose another --spool-dir")
        }
        switch facts.kind {
        case .network(let name):
            warn(
                "spool file system", "\(path) lies on \(name), where SQLite's write-ahead log may not work",
                "a --spool-dir on a disk of this machine; in a container, a volume that is not shared over the network")
        case .memory:
            warn(
                "spool file system", "\(path) lies in memory (tmpfs): what waits there is lost with the machine or the container",
                "a --spool-dir on a disk, unless only restarts of the daemon are to be survived")
        case .usual: break
        }
        let limit = configuration.spoolBytesMax
        let grows = max(0, limit - spool.bytes)
        let free = SizeText.approximate(facts.bytesFree)
        if facts.bytesFree + spool.bytes < Self.spoolBytesMin {
            fail("spool disk", "\(free) free: no room for a spool", "make room, or choose another --spool-dir; until then what waits stays in memory")
        } else if facts.bytesFree < grows {
            warn(
                "spool disk", "\(free) free, and the spool may grow by \(SizeText.approximate(grows)) (--spool-bytes-max \(SizeText.format(limit)))",
                "make room, or lower --spool-bytes-max, so that the disk is not full first")
        } else {
            ok("spool disk", "\(free) free, the spool has \(SizeText.approximate(spool.bytes)) of at most \(SizeText.format(limit))")
        }
        if let inodes = facts.inodesFree, inodes < Self.spoolInodesMin {
            fail(
                "spool disk", "\(inodes) inodes free: no room for the spool's files",
                "remove files from that file system, or choose another --spool-dir")
        }
    }
}
