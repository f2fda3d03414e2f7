import Glibc
import TestSupport
import Testing

@testable import BoundaryLogProxy

/// What doctor reads of the kernel, where a test cannot bring the cause about.
@Suite struct DoctorFactsTests {
    let directory = TemporaryDirectory()

    private func write(_ name: String, _ text: String) {
        var path = ""
        for part in name.split(separator: "/").dropLast() {
            path += "/\(part)"
            mkdir(directory.path + path, 0o700)
        }
        let file = fopen(directory.path(name), "w")!
        fputs(text, file)
        fclose(file)
    }

    @Test func memoryLimits() {
        #expect(MemoryLimit.ofControlGroup("0::/a/b\n", root: directory.path) == nil)
        write("a/b/memory.max", "max\n")
        #expect(MemoryLimit.ofControlGroup("0::/a/b\n", root: directory.path) == nil)
        write("a/memory.max", "67108864\n")
        #expect(MemoryLimit.ofControlGroup("0::/a/b\n", root: directory.path) == 64 << 20)
        write("a/b/memory.max", "1048576\n")
        #expect(MemoryLimit.ofControlGroup("0::/a/b\n", root: directory.path) == 1 << 20)
        // Version 1, and within a namespace of its own.
        write("memory/docker/memory.limit_in_bytes", "9223372036854771712\n")
        #expect(MemoryLimit.ofControlGroup("5:cpu:/x\n4:memory:/docker\n", root: directory.path) == nil)
        write("memory/memory.limit_in_bytes", "4096\n")
        #expect(MemoryLimit.ofControlGroup("5:cpu:/x\n4:memory:/docker\n", root: directory.path) == 4096)
        write("memory.max", "8192\n")
        #expect(MemoryLimit.ofControlGroup("0::/\n", root: directory.path) == 8192)
        #expect(MemoryLimit.ofControlGroup("nonsense", root: directory.path) == nil)
    }

    @Test func kindsOfFileSystems() {
        write("nfs/x", "")
        let mounts = """
            21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
            22 21 0:40 / \(directory.path) rw - 9p share rw
            23 22 0:41 / \(directory.path)/nfs rw shared:3 master:4 - nfs4 server:/x rw
            24 22 0:42 / \(directory.path)/nf rw - tmpfs none rw

            """
        #expect(FileSystemFacts.mountType(of: "/", in: mounts) == "ext4")
        #expect(FileSystemFacts.mountType(of: directory.path, in: mounts) == "9p")
        #expect(FileSystemFacts.mountType(of: directory.path("nfs/x"), in: mounts) == "nfs4")
        #expect(FileSystemFacts.mountType(of: directory.path("none"), in: mounts) == "")
        #expect(FileSystemFacts.kind(ofType: "nfs4") == .network("nfs4") && FileSystemFacts.kind(ofType: "fuse.sshfs") == .network("fuse.sshfs"))
        #expect(FileSystemFacts.kind(ofType: "tmpfs") == .memory && FileSystemFacts.kind(ofType: "ext4") == .usual && FileSystemFacts.kind(ofType: "overlay") == .usual)
        // This machine's own list.
        #expect(FileSystemFacts.mountType(of: "/proc", in: ProcFile.text("/proc/self/mountinfo") ?? "") == "proc")
    }

    @Test func rightsAreDecidedByTheFirstThatFits() throws {
        let root = try #require(UserAccount(named: "root"))
        let nobody = try #require(UserAccount(named: "nobody"))
        #expect(root.has(2, mode: 0, owner: 1, group: 1))
        #expect(nobody.has(2, mode: 0o200, owner: nobody.userID, group: 0) && !nobody.has(2, mode: 0o066, owner: nobody.userID, group: 0))
        let group = try #require(nobody.groupIDs.first)
        #expect(nobody.has(2, mode: 0o020, owner: 0, group: group) && !nobody.has(2, mode: 0o002, owner: 0, group: group))
        #expect(nobody.has(2, mode: 0o002, owner: 0, group: 0) && !nobody.has(2, mode: 0o660, owner: 0, group: 0))
        #expect(UserAccount(named: "no-such-user") == nil && UserAccount(named: "0")?.name == "root")
    }
}
