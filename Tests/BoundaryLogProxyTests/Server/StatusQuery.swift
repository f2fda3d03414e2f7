import BoundaryLogProxy
import Glibc
import Testing

/// A client of the status listener: HTTP/1.0 by hand, and never waiting by itself, since the server is on the test's own thread.
final class StatusQuery {
    private let descriptor: Int32
    private(set) var text = ""
    private(set) var hasEnded = false

    init(socket path: String, _ request: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        precondition(result == 0, "cannot connect to \(path)")
        ask(request)
    }

    init(port: UInt16, _ request: String) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        precondition(result == 0, "cannot connect to port \(port)")
        ask(request)
    }

    /// `GET path` and header lines.
    static func get(_ path: String, host: String? = "localhost", _ headers: String...) -> String {
        let lines = ["GET \(path) HTTP/1.0"] + (host.map { ["Host: \($0)"] } ?? []) + headers
        return lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    deinit { close() }
    private var isClosed = false
    func close() {
        if !isClosed { Glibc.close(descriptor) }
        isClosed = true
    }

    private func ask(_ request: String) {
        precondition(write(descriptor, request, request.utf8.count) == request.utf8.count)
    }

    /// Takes what has come, at most so many bytes.
    func take(_ bytesMax: Int = .max) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var left = bytesMax
        while left > 0 {
            let count = recv(descriptor, &buffer, min(left, buffer.count), Int32(MSG_DONTWAIT))
            if count == 0 { hasEnded = true }
            if count <= 0 { return }
            left -= count
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    func contains(_ part: String) -> Bool {
        take()
        return text.contains(part)
    }

    var status: Int { text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0 }
    var head: String { text.split(separator: "\r\n\r\n", maxSplits: 1).first.map(String.init) ?? "" }
    var body: String { text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "" }

    /// The data of all whole events of that name, in order.
    func events(_ name: String) -> [String] {
        // What comes behind the last empty line has more to come.
        let whole = body.split(separator: "\n\n", omittingEmptySubsequences: false).dropLast()
        return whole.compactMap { event in
            let lines = event.split(separator: "\n")
            guard lines.first == "event: \(name)", lines.count == 2 else { return nil }
            return String(lines[1].dropFirst("data: ".count))
        }
    }
}

extension Bench {
    /// Asks and waits for the whole answer.
    func ask(_ request: String) -> StatusQuery {
        let query = proxy!.statusPort.map { StatusQuery(port: $0, request) } ?? StatusQuery(socket: directory.path("status"), request)
        run(until: "the status listener has answered") {
            query.take()
            return query.hasEnded
        }
        return query
    }

    /// The token that the status page's address has.
    var token: String { proxy!.statusURL!.split(separator: "#token=").last.map(String.init)! }
}
