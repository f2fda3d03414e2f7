import Glibc

/// What the kernel says of this process, for the usual `process_*` metrics. Read from /proc and getrusage(2); what cannot be read is zero.
struct ProcessStatistics {
    var cpuSeconds: Double
    var residentBytes: Int
    var virtualBytes: Int
    var openDescriptors: Int
    var descriptorsMax: UInt64

    static func read() -> ProcessStatistics {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

        // /proc/self/statm: total and resident size in pages (proc(5)).
        let pages = readFile("/proc/self/statm").split(separator: " ").prefix(2).compactMap { Int($0) }
        let pageBytes = sysconf(Int32(_SC_PAGESIZE))

        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)

        return ProcessStatistics(
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            residentBytes: (pages.count > 1 ? pages[1] : 0) * pageBytes,
            virtualBytes: (pages.first ?? 0) * pageBytes,
            openDescriptors: countOpenDescriptors(),
            descriptorsMax: UInt64(limit.rlim_cur))
    }

    private static func countOpenDescriptors() -> Int {
        guard let directory = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while let entry = Glibc.readdir(directory) {
            // Neither "." nor "..", and not the descriptor of this look itself.
            if entry.pointee.d_name.0 != UInt8(ascii: ".") { count += 1 }
        }
        return max(count - 1, 0)
    }

    private static func readFile(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }
}
