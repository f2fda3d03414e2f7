import Glibc

/// What a process costs, from /proc.
struct ProcessFigures: Equatable, Sendable {
    /// VmHWM: the most that was ever resident.
    var residentPeakBytes = 0
    /// RssAnon at its highest sample.
    var privatePeakBytes = 0
    /// RssAnon at the first sample, before any traffic.
    var privateIdleBytes = 0

    mutating func sample(processID: pid_t) {
        guard let status = FileBytes.read("/proc/\(processID)/status", bytesMax: 8192) else { return }
        if let bytes = Self.kilobytes("VmHWM:", in: status) { residentPeakBytes = max(residentPeakBytes, bytes) }
        if let bytes = Self.kilobytes("RssAnon:", in: status) {
            if privateIdleBytes == 0 { privateIdleBytes = bytes }
            privatePeakBytes = max(privatePeakBytes, bytes)
        }
    }

    static func kilobytes(_ name: String, in status: [UInt8]) -> Int? {
        for line in status.split(separator: UInt8(ascii: "\n")) where line.starts(with: name.utf8) {
            var value = 0
            for byte in line where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { value = value * 10 + Int(byte - UInt8(ascii: "0")) }
            return value * 1024
        }
        return nil
    }
}
