import Glibc
import TestSupport

/// A real HTTP proxy on a free port of the loopback. It ends with this object.
final class Tinyproxy {
    struct Failure: Error, CustomStringConvertible { var description: String }

    let port: UInt16
    private let directory = TemporaryDirectory()
    private let process: Subprocess

    /// It takes no socket that is open already, so that a port is chosen that is free now; if it is not any more, another one.
    init() throws {
        for _ in 0..<10 {
            let port = Self.freePort()
            let file = fopen(directory.path("conf"), "w")!
            fputs("Port \(port)\nListen 127.0.0.1\nTimeout 600\nLogLevel Connect\nMaxClients 20\n", file)
            fclose(file)
            let process = try Subprocess("/usr/bin/tinyproxy", ["-d", "-c", directory.path("conf")], timeLimit: .seconds(300))
            while !process.hasEnded {
                if Self.answers(port) {
                    self.port = port
                    self.process = process
                    return
                }
                sched_yield()
            }
        }
        throw Failure(description: "tinyproxy does not start")
    }

    deinit { process.send(SIGKILL) }

    var log: String { process.written(to: .standardOutput) + process.written(to: .standardError) }

    private static func freePort() -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0 }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func answers(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(port)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
        }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        return address
    }
}
