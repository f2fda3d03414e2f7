/// How much memory the control groups of a process allow: the least of all above it.
/// https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
enum MemoryLimit {
    /// `membership`: a process's /proc/PID/cgroup. nil: no limit, or none that can be seen.
    static func ofControlGroup(_ membership: String, root: String = "/sys/fs/cgroup") -> Int? {
        for line in membership.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let limit: Int?
            if fields[0] == "0", fields[1].isEmpty {
                limit = least(of: String(fields[2]), below: root, file: "memory.max")
            } else if fields[1].split(separator: ",").contains("memory") {
                limit = least(of: String(fields[2]), below: root + "/memory", file: "memory.limit_in_bytes")
            } else {
                continue
            }
            if let limit { return limit }
        }
        return nil
    }

    private static func least(of path: String, below root: String, file: String) -> Int? {
        var least: Int?
        var path = path[...]
        while true {
            while path.last == "/" { path.removeLast() }
            // "max", and version 1's number for it, are no limits.
            if let bytes = ProcFile.number("\(root)\(path)/\(file)"), bytes < 1 << 60 { least = min(bytes, least ?? .max) }
            guard let slash = path.lastIndex(of: "/") else { return least }
            path = path[..<slash]
        }
    }
}
