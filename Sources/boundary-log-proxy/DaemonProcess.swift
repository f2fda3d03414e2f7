import BoundaryLogProxy
import Glibc

/// Finds the process of a daemon, and makes sure that it is one before it gets a signal that would end another.
enum DaemonProcess {
    struct Failure: Error {
        var text: String
    }

    /// Who called listen on the socket at `path`: of a passed one, who passed it.
    static func listening(on path: String) throws(Failure) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(text: "no socket: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        let code = UnixAddress.with(path) { Int(connect(descriptor, $0, $1)) }
        guard code == 0 else {
            let hint = code == ENOENT || code == ECONNREFUSED ? " (is the daemon running?)" : ""
            throw Failure(text: "cannot connect to \(path): \(String(cString: strerror(code)))\(hint)")
        }
        guard let process = UnixAddress.peer(of: descriptor)?.process else {
            throw Failure(text: "who listens on \(path) cannot be seen from here: it runs in another container; give --pid where it runs")
        }
        return process
    }

    /// It is called as this program is, and it watches for SIGHUP.
    static func check(_ process: Int32) throws(Failure) {
        guard let name = read("/proc/\(process)/comm")?.split(separator: "\n").first.map(String.init) else {
            throw Failure(text: "there is no process \(process), or it cannot be looked at")
        }
        let own = read("/proc/self/comm")?.split(separator: "\n").first.map(String.init)
        guard name == own || name.hasPrefix("boundary-log-p") else {
            let hint = name.hasPrefix("systemd") || process == 1
                ? ", which passes the socket on: use 'systemctl reload boundary-log-proxy', or --pid" : ": not a boundary-log-proxy daemon"
            throw Failure(text: "process \(process) is \(name)\(hint)")
        }
        guard catchesHangUp(process) else {
            throw Failure(text: "process \(process) does not watch for SIGHUP (yet): it is not a daemon, or it is about to start or to end")
        }
    }

    /// `SigCgt` of /proc/PID/status: a mask, in which SIGHUP is the first bit.
    /// https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
    private static func catchesHangUp(_ process: Int32) -> Bool {
        let line = read("/proc/\(process)/status")?.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
        guard let digits = line?.split(separator: "\t").last, let mask = UInt64(digits, radix: 16) else { return false }
        return mask & 1 != 0
    }

    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }
}
