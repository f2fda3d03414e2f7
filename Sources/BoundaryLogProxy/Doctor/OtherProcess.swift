import Glibc

/// What /proc says of a process, ours or another. What it does not say, or not to us, is nil.
/// https://man7.org/linux/man-pages/man5/proc.5.html
struct OtherProcess {
    let id: Int32

    static var this: OtherProcess { OtherProcess(id: getpid()) }

    var name: String? { ProcFile.text("/proc/\(id)/comm").map { String($0.prefix { $0 != "\n" }) } }

    /// Effective.
    var userID: UInt32? {
        guard let line = ProcFile.text("/proc/\(id)/status")?.split(separator: "\n").first(where: { $0.hasPrefix("Uid:") }) else { return nil }
        return line.split(whereSeparator: { $0 == "\t" || $0 == " " }).dropFirst(2).first.flatMap { UInt32($0) }
    }

    var parent: OtherProcess? {
        guard let line = ProcFile.text("/proc/\(id)/status")?.split(separator: "\n").first(where: { $0.hasPrefix("PPid:") }),
            let id = line.split(separator: "\t").last.flatMap({ Int32($0) }), id > 0
        else { return nil }
        return OtherProcess(id: id)
    }

    /// How many descriptors it may have at most, whatever it does.
    var descriptorsHardLimit: UInt64? {
        guard let line = ProcFile.text("/proc/\(id)/limits")?.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") }) else { return nil }
        let words = line.split(separator: " ")
        return words.count >= 5 ? (words[4] == "unlimited" ? .max : UInt64(words[4])) : nil
    }

    /// The variables that it was started with.
    var environment: [String: String]? {
        guard let text = ProcFile.text("/proc/\(id)/environ"), !text.isEmpty else { return nil }
        var found: [String: String] = [:]
        for entry in text.split(separator: "\0") {
            guard let equals = entry.firstIndex(of: "=") else { continue }
            found[String(entry[..<equals])] = String(entry[entry.index(after: equals)...])
        }
        return found
    }

    /// The process that listens on the socket of that path, as the kernel's list of sockets and the descriptors of processes show it, so that nobody has to connect.
    /// nil also for one whose descriptors we may not see.
    static func listening(on path: String) -> OtherProcess? {
        guard let sockets = ProcFile.text("/proc/net/unix") else { return nil }
        for line in sockets.split(separator: "\n") {
            // Num RefCount Protocol Flags Type St Inode Path; the flag is __SO_ACCEPTCON.
            let words = line.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: true)
            guard words.count == 8, words[3] == "00010000", words[7] == path else { continue }
            if let owner = holder(of: "socket:[\(words[6])]") { return owner }
        }
        return nil
    }

    private static func holder(of link: String) -> OtherProcess? {
        for name in ProcFile.names("/proc") {
            guard let id = Int32(name) else { continue }
            for descriptor in ProcFile.names("/proc/\(id)/fd") where ProcFile.link("/proc/\(id)/fd/\(descriptor)") == link { return OtherProcess(id: id) }
        }
        return nil
    }
}

/// Small files of the kernel's own.
enum ProcFile {
    private static let bytesMax = 4 << 20

    static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < bytesMax {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 { return nil }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func number(_ path: String) -> Int? { text(path).flatMap { Int($0.prefix { $0 != "\n" }) } }

    static func names(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func link(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count) }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
