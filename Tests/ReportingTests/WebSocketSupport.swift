import Glibc

func openDescriptors() -> Int {
    guard let directory = opendir("/proc/self/fd") else { return -1 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count
}

/// Bytes that tell their place in a stream.
enum Pattern {
    static func byte(_ position: Int) -> UInt8 { UInt8(truncatingIfNeeded: position &* 31 ^ position >> 8 ^ position >> 17) }

    static func fill(_ buffer: UnsafeMutableRawBufferPointer, at position: Int) {
        for index in 0..<buffer.count { buffer[index] = byte(position + index) }
    }

    static func matches(_ bytes: some RandomAccessCollection<UInt8>, at position: Int) -> Bool {
        var place = position
        for next in bytes {
            if next != byte(place) { return false }
            place += 1
        }
        return true
    }
}

/// Set once, by one thread for another.
final class Flag: @unchecked Sendable {
    private var semaphore = sem_t()
    init() { sem_init(&semaphore, 0, 0) }
    func set() { sem_post(&semaphore) }
    func wait() { sem_wait(&semaphore) }
}
