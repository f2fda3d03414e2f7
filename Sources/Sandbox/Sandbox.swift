internal import CLandlock
internal import Glibc

/// What a process gives up for good, because it will not need it: whoever takes it over by a bug does not get it either. Threads that it makes later
/// inherit it. It is for programs, never for a library: it holds for the whole process.
///
/// It is entered when all that takes more rights is done (files, sockets and locks of the start), and before there are other threads.
public struct Sandbox: Sendable {
    public enum Part: String, CaseIterable, Sendable {
        /// Nothing that is executed gives rights. The other two need it, but for a process with CAP_SYS_ADMIN.
        case noNewPrivileges = "no-new-privs"
        /// Writing to `writable` only; nothing is executed; no TCP port is bound; no signal to others.
        case landlock
        /// Only the system calls of `SystemCalls`.
        case seccomp
    }

    /// What came of it.
    public struct Report: Equatable, Sendable {
        /// In words, e.g. `landlock (ABI 7)`.
        public var inForce: [String] = []
        /// The parts that were wanted and cannot be had, and what else is less than it should be; one sentence each, without a full stop.
        public var shortcomings: [String] = []
    }

    public var parts: Set<Part>
    public var writable: [WritablePath]

    public init(parts: Set<Part> = Set(Part.allCases), writable: [WritablePath]) {
        (self.parts, self.writable) = (parts, writable)
    }

    /// Enters it as far as the kernel lets us. There is no way back.
    public func enter() -> Report {
        var report = Report()
        for part in Part.allCases where parts.contains(part) {
            do throws(Failure) {
                switch part {
                case .noNewPrivileges:
                    // https://docs.kernel.org/userspace-api/no_new_privs.html
                    guard blp_set_no_new_privileges() == 0 else { throw Failure(errno, "prctl") }
                    report.inForce.append(part.rawValue)
                case .landlock:
                    let (version, problems) = try Landlock.enter(writable: writable)
                    report.inForce.append("landlock (ABI \(version))")
                    report.shortcomings += problems
                    // Neither does it hold for threads that are there already.
                    let threads = Self.threadCount()
                    if threads > 1 { report.shortcomings.append("landlock does not hold for \(threads - 1) threads that were there before") }
                case .seccomp:
                    try SystemCalls.filter().load(settingNoNewPrivileges: parts.contains(.noNewPrivileges))
                    report.inForce.append(part.rawValue)
                }
            } catch {
                report.shortcomings.append("no \(part.rawValue): \(error)")
            }
        }
        return report
    }

    /// 1 when it cannot be seen.
    private static func threadCount() -> Int {
        guard let directory = opendir("/proc/self/task") else { return 1 }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return max(count, 1)
    }

    /// Why a part cannot be had.
    struct Failure: Error, CustomStringConvertible {
        var code: Int32
        var attempt: String

        init(_ code: Int32, _ attempt: String) { (self.code, self.attempt) = (code, attempt) }

        var description: String {
            switch code {
            case ENOSYS: "the kernel, or the container's own filter, does not have it (ENOSYS)"
            case EOPNOTSUPP: "it is turned off in the kernel (EOPNOTSUPP)"
            default: "\(attempt): \(String(cString: strerror(code)))"
            }
        }
    }
}
