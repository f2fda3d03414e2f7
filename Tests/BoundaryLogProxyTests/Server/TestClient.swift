import Glibc

/// A client as boundary is one: it connects, writes frames, closes. Blocking, for bytes that fit the socket's buffer; `writeSome` never blocks.
final class TestClient {
    private(set) var descriptor: Int32

    init(_ path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        precondition(descriptor >= 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(connected == 0, "cannot connect to \(path): errno \(errno)")
    }

    deinit { close() }

    /// Writes all; false when the proxy has closed the connection.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL)) }
            guard count >= 0 else { return false }
            offset += count
        }
        return true
    }

    /// Bytes that the kernel took now; nil when the proxy has closed the connection.
    func writeSome(_ bytes: ArraySlice<UInt8>) -> Int? {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        let count = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) }
        if count >= 0 { return count }
        return errno == EAGAIN ? 0 : nil
    }

    /// Whether the proxy has closed its side; never blocks.
    var isClosedByPeer: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) == 0
    }

    /// Waits until it has, for which the proxy's close may not be enough: a program that another test is starting has a copy of the descriptor between
    /// fork and exec. False after a minute, or when there was something to read.
    func waitForHangUp() -> Bool {
        var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&readable, 1, 60_000) == 1 && isClosedByPeer
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}

/// Frames by hand.
enum TestFrame {
    static func frame(tag: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [tag, UInt8(payload.count >> 16), UInt8(payload.count >> 8 & 0xff), UInt8(payload.count & 0xff)] + payload
    }

    static func logs(session: String, sequence: Range<Int32>, urlBytes: Int = 40) -> [UInt8] {
        frame(tag: 1, request(session: session, sequence: sequence, urlBytes: urlBytes))
    }

    static func message(session: String, sequence: Range<Int32>) -> [UInt8] {
        let inner = request(session: session, sequence: sequence, urlBytes: 40)
        return frame(tag: 2, [0x0a] + varint(inner.count) + inner)
    }

    static func status(channelFull: Int, batchFull: Int) -> [UInt8] {
        let inner = [0x08] + varint(channelFull) + [0x10] + varint(batchFull)
        return frame(tag: 2, [0x12] + varint(inner.count) + inner)
    }

    static func request(session: String, sequence: Range<Int32>, urlBytes: Int) -> [UInt8] {
        var out: [UInt8] = []
        for number in sequence {
            let url = [UInt8](repeating: UInt8(ascii: "u"), count: urlBytes)
            let http = [0x0a, 3] + Array("GET".utf8) + [0x12] + varint(url.count) + url
            let log = [0x08, 1, 0x1a] + varint(http.count) + http + [0x20] + varint(Int(number))
            out += [0x0a] + varint(log.count) + log
        }
        return out + [0x12] + varint(session.utf8.count) + Array(session.utf8)
    }

    static func varint(_ value: Int) -> [UInt8] {
        var value = value
        var out: [UInt8] = []
        while value >= 0x80 {
            out.append(UInt8(value & 0x7f | 0x80))
            value >>= 7
        }
        return out + [UInt8(value)]
    }
}
