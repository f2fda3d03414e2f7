import Glibc

/// Where this program lies: the daemon of the same build lies beside it.
enum ExecutablePath {
    static func sibling(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { return name }
        let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return String(path[...(path.lastIndex(of: "/") ?? path.startIndex)]) + name
    }
}
