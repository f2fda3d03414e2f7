import EventLoop
import Glibc

extension Doctor {
    /// The daemon that runs, else ourselves in its place.
    private var subject: OtherProcess { daemon ?? .this }
    private var subjectText: String { daemon.map { "the daemon (pid \($0.id))" } ?? "a daemon started from here" }

    // MARK: Limits

    mutating func examineLimits() {
        examineDescriptors()
        examineMemory()
        examineSocketBuffers()
    }

    private mutating func examineDescriptors() {
        let needed = UInt64(Daemon.descriptorsNeeded(configuration))
        guard let limit = subject.descriptorsHardLimit else { return ok("descriptors", "the limit of \(subjectText) cannot be seen by this user") }
        if limit < needed {
            warn(
                "descriptors", "\(subjectText) may have \(limit), and --connections-max \(configuration.connectionsMax) needs \(needed): clients beyond are refused",
                "raise the limit (ulimit -Hn, systemd: LimitNOFILE=), or lower --connections-max")
        } else {
            ok("descriptors", "\(needed) needed, \(limit == .max ? "no limit" : "\(limit) allowed")")
        }
    }

    /// What it takes when every buffer is full: docs/operations.md, "Bounds".
    private var memoryMost: Int {
        let spool = configuration.durability == .memory ? 0 : 2 * configuration.requestBytesMax + (8 << 20)
        return configuration.bufferBytes + configuration.requestBytesMax * configuration.inFlightMax + spool + (32 << 20)
    }

    private mutating func examineMemory() {
        let most = memoryMost
        guard let limit = MemoryLimit.ofControlGroup(ProcFile.text("/proc/\(subject.id)/cgroup") ?? "") else {
            return ok("memory", "at most some \(SizeText.approximate(most)) needed; no control group limits it")
        }
        if limit < most {
            warn(
                "memory", "the control group allows \(SizeText.approximate(limit)), and with full buffers some \(SizeText.approximate(most)) are needed",
                "raise the limit, or lower --buffer-bytes (\(SizeText.format(configuration.bufferBytes))); what waits longer goes to the spool")
        } else {
            ok("memory", "at most some \(SizeText.approximate(most)) needed, the control group allows \(SizeText.approximate(limit))")
        }
    }

    /// A client's writes wait in a buffer of this size while the daemon is busy, or reads nothing (--overflow block).
    private mutating func examineSocketBuffers() {
        guard configuration.socketPath != nil, let bytes = ProcFile.number("/proc/sys/net/core/wmem_default") else { return }
        // Twice a frame: the kernel counts its own bookkeeping too.
        if bytes < 64 << 10 {
            warn(
                "socket buffers", "net.core.wmem_default is \(bytes): less than two frames of a client, which waits at each",
                "sysctl -w net.core.wmem_default=212992, as kernels have it")
        } else {
            ok("socket buffers", "net.core.wmem_default is \(bytes) bytes, so much a client can write ahead")
        }
    }

    // MARK: Surroundings

    mutating func examineSurroundings() {
        examineKernel()
        examineSupervisor()
    }

    private mutating func examineKernel() {
        var name = utsname()
        uname(&name)
        let release = withUnsafePointer(to: &name.release) { $0.withMemoryRebound(to: CChar.self, capacity: 65) { String(cString: $0) } }
        let seccomp = ProcFile.text("/proc/sys/kernel/seccomp/actions_avail") != nil ? "yes" : "no"
        let modules = ProcFile.text("/sys/kernel/security/lsm")
        let landlock = modules.map { $0.split(whereSeparator: { $0 == "," || $0 == "\n" }).contains("landlock") ? "yes" : "no" } ?? "cannot be told"
        let text = "Linux \(release); seccomp filters: \(seccomp); landlock: \(landlock)"
        let version = release.split(whereSeparator: { $0 == "." || $0 == "-" }).prefix(2).compactMap { Int($0) }
        if version.count == 2, (version[0], version[1]) < (4, 18) {
            warn("kernel", text, "the daemon is tested with Linux 5.10 and later")
        } else {
            ok("kernel", text)
        }
    }

    /// Who starts it again when it ends, and how long that waits for the drain.
    private mutating func examineSupervisor() {
        let environment = daemon == nil ? environment : daemon?.environment ?? [:]
        let drain = DurationText.format(configuration.drainTimeout)
        let whose = daemon == nil ? "" : "\(subjectText): "
        func patience(_ seconds: Int, _ name: String, _ setting: String) -> String? {
            configuration.drainTimeout >= .seconds(seconds) ? "--drain-timeout \(drain) is as long as \(name) waits by default (\(seconds) s), which then kills it: shorten it, or raise \(setting)" : nil
        }
        let (text, advice): (String, String?) =
            if environment["KUBERNETES_SERVICE_HOST"] != nil {
                ("Kubernetes", patience(30, "Kubernetes", "terminationGracePeriodSeconds"))
            } else if environment["INVOCATION_ID"] != nil || environment["NOTIFY_SOCKET"] != nil {
                ("systemd", patience(90, "systemd", "TimeoutStopSec="))
            } else if subject.id == 1 || subject.parent?.id == 1, access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0 {
                ("a container's first process", patience(11, "Docker", "its --stop-timeout"))
            } else {
                ("none that could be told; started by \(subject.parent?.name ?? "an unknown process")", nil)
            }
        if let advice { warn("supervisor", whose + text, advice) } else { ok("supervisor", "\(whose)\(text); a stop takes up to \(drain) (--drain-timeout)") }
    }

    // MARK: Metrics and status

    mutating func examineListeners() {
        if let address = configuration.metricsListen { examineListener("metrics listener", address, "--metrics-listen") }
        switch configuration.statusListen {
        case .tcp(let address)?: examineListener("status listener", address, "--status-listen")
        case .unix(let path)?: examineStatusSocket(path)
        case nil: break
        }
    }

    private mutating func examineStatusSocket(_ path: String) {
        let advice = "see to the directory's rights, or choose another --status-listen"
        do throws(ListeningSocket.Failure) {
            switch try ListeningSocket.occupant(of: path) {
            case .served where daemon != nil: ok("status listener", "\(path) is served, as is the socket")
            case .served: fail("status listener", "\(path): another process serves it", "stop that process, or choose another --status-listen")
            case .notASocket(let kind): fail("status listener", "\(path): it exists and is \(kind), not a socket", "remove it, or choose another --status-listen")
            case .nothing, .stale:
                if daemon != nil {
                    warn("status listener", "nobody serves \(path), although the daemon runs", "restart the daemon if its configuration has changed")
                } else if let obstacle = Self.obstacle(toWritingIn: ListeningSocket.directory(of: path)) {
                    fail("status listener", "\(path): \(obstacle)", advice)
                } else {
                    ok("status listener", "\(path): nobody serves it, and it can be made")
                }
            }
        } catch { fail("status listener", "\(error)", advice) }
    }

    private mutating func examineListener(_ check: String, _ address: ListenAddress, _ option: String) {
        if address.port == 0 { return ok(check, "\(address): any free port; the daemon's first messages say which") }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(address.host, "\(address.port)", &hints, &found)
        guard result == 0, let first = found?.pointee else {
            return fail(check, "\(address): \(String(cString: gai_strerror(result)))", "an address of this machine, such as 127.0.0.1")
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(first.ai_family, first.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), first.ai_protocol)
        defer { close(descriptor) }
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        // Bound and never listened on: nobody can connect to it.
        let code = bind(descriptor, first.ai_addr, first.ai_addrlen) == 0 ? 0 : errno
        switch code {
        case 0 where daemon == nil: ok(check, "\(address) is free")
        case 0:
            warn(
                check, "nobody listens on \(address), although the daemon runs",
                "restart the daemon if its configuration has changed")
        case EADDRINUSE where daemon != nil: ok(check, "\(address) is listened on, as is the socket")
        case EADDRINUSE: fail(check, "another process listens on \(address)", "choose another port: \(option)")
        default: fail(check, "\(address): \(Self.text(code))", "an address of this machine and a port that its user may take")
        }
    }
}
