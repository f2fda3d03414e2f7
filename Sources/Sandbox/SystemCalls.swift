internal import Glibc

/// The system calls that the daemon uses, and what happens at the others.
///
/// Three answers. What it uses is allowed. What nothing in it ever calls, and what only someone calls who has taken it over, ends the process: it holds
/// nothing by then that could still be trusted. At everything else the kernel seems not to have it (ENOSYS), or to forbid it (EPERM) where a call is
/// allowed with other arguments: libraries are written for old kernels and for containers, and find another way; ENOSYS is what the C library falls back on.
enum SystemCalls {
    /// Descriptors and files. Which files is for Landlock to say.
    private static let files = [
        "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2", "lseek",
        "open", "openat", "close", "close_range", "dup", "dup2", "dup3", "fcntl", "pipe", "pipe2", "flock", "fsync", "fdatasync", "ftruncate", "fallocate", "fadvise64",
        "stat", "fstat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "getcwd",
        "mkdir", "mkdirat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "chmod", "fchmod", "fchmodat", "fchown", "utimensat", "umask",
    ]
    /// The loop's waiting, and sockets that exist.
    private static let events = [
        "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "poll", "ppoll", "select", "pselect6", "eventfd", "eventfd2",
        "connect", "accept", "accept4", "bind", "getsockname", "getpeername", "getsockopt", "setsockopt", "shutdown",
        "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg",
    ]
    private static let memory = ["munmap", "mremap", "madvise", "brk", "msync"]
    private static let threadsAndSignals = [
        "futex", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "gettid", "getpid", "getppid", "exit", "exit_group", "membarrier", "getcpu",
        "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "restart_syscall",
        "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigsuspend", "rt_sigtimedwait", "sigaltstack",
    ]
    private static let timeAndInformation = [
        "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times",
        "uname", "sysinfo", "getrusage", "getrlimit", "getuid", "geteuid", "getgid", "getegid", "getgroups", "getresuid", "getresgid", "getrandom",
    ]

    /// Of someone who has taken the process over: other programs, other processes' memory, the kernel, mounts and namespaces, keys.
    static let hostile = [
        "execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp",
        "bpf", "perf_event_open", "userfaultfd", "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "iopl", "ioperm", "modify_ldt",
        "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
        "setns", "unshare", "open_by_handle_at", "swapon", "swapoff", "reboot", "add_key", "request_key", "keyctl",
    ]
    /// What a library may try that finds itself in the wrong place.
    private static let forbidden = [
        "fork", "vfork", "listen", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups", "capset",
        "setpriority", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "setsid", "setpgid", "mknod", "mknodat", "link", "linkat", "symlink", "symlinkat",
    ]

    static func filter() -> SystemCallFilter {
        var filter = SystemCallFilter(standard: .refuse(ENOSYS))
        for group in [files, events, memory, threadsAndSignals, timeAndInformation] { filter.add(.allow, group) }
        filter.add(.killProcess, hostile)
        filter.add(.refuse(EPERM), forbidden)
        addSockets(&filter)
        addMemoryProtection(&filter)
        addThreads(&filter)
        addControls(&filter)
        return filter
    }

    /// TCP, UDP and Unix sockets, and the one that getaddrinfo asks the kernel's addresses by.
    private static func addSockets(_ filter: inout SystemCallFilter) {
        let typeMask: UInt64 = 0xf
        let (stream, datagram, raw) = (UInt64(SOCK_STREAM.rawValue), UInt64(SOCK_DGRAM.rawValue), UInt64(SOCK_RAW.rawValue))
        let plain = [AF_UNIX, AF_INET, AF_INET6].map { UInt64($0) }
        for family in plain {
            for type in [stream, datagram] { filter.add(.allow, ["socket"], where: [.equal(0, family), .bits(1, typeMask, type)]) }
            for type in 3...typeMask { filter.add(.refuse(EPERM), ["socket"], where: [.equal(0, family), .bits(1, typeMask, type)]) }
        }
        let netlink = UInt64(AF_NETLINK)
        for type in [raw, datagram] { filter.add(.allow, ["socket"], where: [.equal(0, netlink), .bits(1, typeMask, type), .equal(2, 0)]) }
        for family in 0...netlink where !plain.contains(family) && family != netlink { filter.add(.refuse(EPERM), ["socket"], where: [.equal(0, family)]) }
        filter.add(.refuse(EPERM), ["socket"], where: [.greater(0, than: netlink)])
        filter.add(.allow, ["socketpair"], where: [.equal(0, UInt64(AF_UNIX))])
    }

    /// No memory is ever both written and executed. Libraries that are loaded later (of name services) are mapped from their files.
    private static func addMemoryProtection(_ filter: inout SystemCallFilter) {
        let (write, execute) = (UInt64(PROT_WRITE), UInt64(PROT_EXEC))
        for protection in [0, write, execute] { filter.add(.allow, ["mmap"], where: [.bits(2, write | execute, protection)]) }
        filter.add(.refuse(EPERM), ["mmap"], where: [.bits(2, write | execute, write | execute)])
        filter.add(.allow, ["mprotect"], where: [.bits(2, execute, 0)])
        filter.add(.refuse(EPERM), ["mprotect"], where: [.bits(2, execute, execute)])
    }

    /// Threads, not processes. clone3 keeps its flags in memory, where a filter does not see them; without it the C library takes clone.
    private static func addThreads(_ filter: inout SystemCallFilter) {
        let cloneThread: UInt64 = 0x10000
        filter.add(.allow, ["clone"], where: [.bits(0, cloneThread, cloneThread)])
        filter.add(.refuse(EPERM), ["clone"], where: [.bits(0, cloneThread, 0)])
        let own = UInt64(getpid())
        for call in ["kill", "tgkill"] {
            filter.add(.allow, [call], where: [.equal(0, own)])
            filter.add(.refuse(EPERM), [call], where: [.notEqual(0, own)])
        }
    }

    /// Calls of which only some requests are needed.
    private static func addControls(_ filter: inout SystemCallFilter) {
        // FIONBIO, FIONREAD, FIOCLEX; TCGETS and TIOCGWINSZ (is it a terminal?); SIOCGIFNAME and SIOCGIFINDEX (scopes of IPv6 addresses).
        for request: UInt64 in [0x5421, 0x541B, 0x5451, 0x5401, 0x5413, 0x8910, 0x8933] { filter.add(.allow, ["ioctl"], where: [.bits(1, 0xFFFF_FFFF, request)]) }
        // PR_SET_NAME and PR_GET_NAME of threads, PR_GET_DUMPABLE, and PR_SET_VMA, by which malloc names its memory.
        for option: UInt64 in [15, 16, 3, 0x5356_4d41] { filter.add(.allow, ["prctl"], where: [.bits(0, 0xFFFF_FFFF, option)]) }
        filter.add(.allow, ["prlimit64"], where: [.equal(0, 0)])
    }
}
