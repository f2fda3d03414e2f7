import Glibc

/// What a daemon costs, from /proc, over all its lives where it is killed and started anew.
struct ProcessFigures: Equatable, Sendable {
    /// VmHWM: the most that was ever resident.
    var residentPeakBytes = 0
    /// RssAnon at its highest sample.
    var privatePeakBytes = 0
    /// RssAnon at the first sample, before any traffic.
    var privateIdleBytes = 0
    /// `write_bytes`: what it made the kernel write to disks, up to the last sample, and what of it belongs to its start.
    var writtenBytes = 0
    var writtenBytesAtStart = 0
    /// Of the spool's directory at its highest sample.
    var spoolPeakBytes = 0

    mutating func sample(processID: pid_t) {
        guard let status = FileBytes.read("/proc/\(processID)/status", bytesMax: 8192) else { return }
        if let bytes = Self.number("VmHWM:", in: status) { residentPeakBytes = max(residentPeakBytes, bytes * 1024) }
        let isFirst = privateIdleBytes == 0
        if let bytes = Self.number("RssAnon:", in: status) {
            if isFirst { privateIdleBytes = bytes * 1024 }
            privatePeakBytes = max(privatePeakBytes, bytes * 1024)
        }
        guard let io = FileBytes.read("/proc/\(processID)/io", bytesMax: 1024), let bytes = Self.number("write_bytes:", in: io) else { return }
        writtenBytes = bytes
        if isFirst { writtenBytesAtStart = bytes }
    }

    /// What was written until now belongs to the start.
    mutating func endStart() { writtenBytesAtStart = writtenBytes }

    /// Adds what another life of the daemon cost.
    mutating func add(_ other: ProcessFigures) {
        residentPeakBytes = max(residentPeakBytes, other.residentPeakBytes)
        privatePeakBytes = max(privatePeakBytes, other.privatePeakBytes)
        if privateIdleBytes == 0 { privateIdleBytes = other.privateIdleBytes }
        writtenBytes += other.writtenBytes
        writtenBytesAtStart += other.writtenBytesAtStart
        spoolPeakBytes = max(spoolPeakBytes, other.spoolPeakBytes)
    }

    /// The number of the line that begins with `name`.
    static func number(_ name: String, in text: [UInt8]) -> Int? {
        for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: name.utf8) {
            var value = 0
            for byte in line.dropFirst(name.utf8.count) where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { value = value * 10 + Int(byte - UInt8(ascii: "0")) }
            return value
        }
        return nil
    }
}
