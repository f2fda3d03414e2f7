import CGNU
import Glibc

/// What somebody might try who has taken the daemon over. Each returns 0, or the errno it failed with.
struct Attempts {
    /// Where the sandbox lets us write. Beside it lie `outside`, a file, and `away`, an empty directory.
    let directory: String
    private var outside: String { "\(directory)/../outside" }

    func run(_ name: String) -> Int32 {
        switch name {
        case "execve": call(BLP_SYS_EXECVE)
        case "ptrace": call(BLP_SYS_PTRACE)
        case "mount": call(BLP_SYS_MOUNT)
        case "bpf": call(BLP_SYS_BPF)
        case "unshare": call(BLP_SYS_UNSHARE)
        case "process_vm_readv": call(BLP_SYS_PROCESS_VM_READV, Int(getpid()))
        case "keyctl": call(BLP_SYS_KEYCTL)
        case "fork": call(BLP_SYS_CLONE, Int(SIGCHLD))
        case "clone3": call(BLP_SYS_CLONE3)
        case "io_uring_setup": call(BLP_SYS_IO_URING_SETUP)
        case "memfd_create": call(BLP_SYS_MEMFD_CREATE)
        case "no-such-call": call(5000)
        case "setuid": code(setuid(65534) == 0)
        case "kill-parent": code(kill(getppid(), 0) == 0)
        case "kill-self": code(kill(getpid(), 0) == 0)
        case "write-and-execute": code(mmap(nil, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        case "make-executable": makeExecutable()
        case "packet-socket": socket(17)
        case "raw-socket": socket(AF_INET, Int32(SOCK_RAW.rawValue))
        case "audit-socket": socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), 9)
        case "tcp-socket": socket(AF_INET, Int32(SOCK_STREAM.rawValue))
        case "listen": listen()
        case "bind-tcp": bindTCP()
        case "push-terminal-input": code(ioctl(0, 0x5412) == 0)
        case "write-outside": open("\(directory)/../new", O_WRONLY | O_CREAT)
        case "append-outside": open(outside, O_WRONLY | O_APPEND)
        case "truncate-outside": open(outside, O_RDONLY | O_TRUNC)
        case "remove-outside": code(unlink(outside) == 0)
        case "rename-outside": code(rename(outside, "\(directory)/taken") == 0)
        case "make-directory-outside": code(mkdir("\(directory)/../d", 0o700) == 0)
        case "remove-directory-outside": code(rmdir("\(directory)/../away") == 0)
        case "read-outside": open(outside, O_RDONLY)
        case "write-inside": open("\(directory)/new", O_WRONLY | O_CREAT | O_TRUNC)
        case "rename-inside": code(rename("\(directory)/new", "\(directory)/newer") == 0)
        case "remove-inside": code(unlink("\(directory)/newer") == 0)
        case "thread": thread()
        case "look-up-localhost": lookUp("localhost")
        default: fatalError("unknown attempt \(name)")
        }
    }

    private func code(_ succeeded: Bool) -> Int32 { succeeded ? 0 : errno }

    private func call(_ number: some BinaryInteger, _ first: Int = 0) -> Int32 { code(blp_system_call(Int(number), first, 0, 0, 0, 0, 0) >= 0) }
    private func call(_ number: some RawRepresentable<UInt32>, _ first: Int = 0) -> Int32 { call(number.rawValue, first) }

    private func open(_ path: String, _ flags: Int32) -> Int32 {
        let descriptor = Glibc.open(path, flags, 0o600)
        defer { if descriptor >= 0 { close(descriptor) } }
        return code(descriptor >= 0)
    }

    private func socket(_ family: Int32, _ type: Int32 = Int32(SOCK_DGRAM.rawValue), _ protocol: Int32 = 0) -> Int32 {
        let descriptor = Glibc.socket(family, type, `protocol`)
        defer { if descriptor >= 0 { close(descriptor) } }
        return code(descriptor >= 0)
    }

    private func makeExecutable() -> Int32 {
        let page = mmap(nil, 4096, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        precondition(page != MAP_FAILED)
        return code(mprotect(page, 4096, PROT_EXEC) == 0)
    }

    private func withTCP(_ body: (Int32) -> Bool) -> Int32 {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        precondition(descriptor >= 0)
        defer { close(descriptor) }
        return code(body(descriptor))
    }

    private func listen() -> Int32 { withTCP { Glibc.listen($0, 1) == 0 } }

    private func bindTCP() -> Int32 {
        withTCP { descriptor in
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
            }
        }
    }

    private func thread() -> Int32 {
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, { _ in nil }, nil)
        if code == 0 { pthread_join(thread, nil) }
        return code
    }

    private func lookUp(_ host: String) -> Int32 {
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, "80", nil, &found)
        if let found { freeaddrinfo(found) }
        return code
    }
}
