import Glibc

@testable import Flood

/// POSTs over one kept-alive connection and waits for each answer. The sink answers from its own thread.
final class RawHTTPClient {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard result == 0 else { throw FloodError.system("cannot connect to the sink") }
    }

    deinit { close(descriptor) }

    /// The status of the answer.
    func post(_ body: [UInt8], headers: [String] = []) throws -> Int {
        let head = (["POST /logs HTTP/1.1", "Host: localhost", "Content-Length: \(body.count)"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
        let request = Array(head.utf8) + body
        var written = 0
        while written < request.count {
            let count = request.withUnsafeBytes { send(descriptor, $0.baseAddress! + written, request.count - written, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw FloodError.system("cannot write to the sink") }
            written += count
        }
        return try readAnswer()
    }

    private func readAnswer() throws -> Int {
        var answer = ""
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { throw FloodError("the sink closed the connection") }
            answer += String(decoding: chunk[..<count], as: UTF8.self)
            guard let headEnd = answer.firstRange(of: "\r\n\r\n") else { continue }
            let head = answer[..<headEnd.lowerBound].lowercased().split(separator: "\r\n")
            let length = head.first { $0.hasPrefix("content-length:") }.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
            if answer[headEnd.upperBound...].utf8.count >= length {
                return Int(head[0].split(separator: " ")[1]) ?? 0
            }
        }
    }
}
