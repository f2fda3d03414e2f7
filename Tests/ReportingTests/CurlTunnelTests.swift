import EventLoop
import Glibc
import TestSupport
import Testing

@testable import Reporting

@Suite(.timeLimit(.minutes(2))) struct CurlTunnelTests {
    /// While TLS 1.2 negotiates anew, what we send must wait for what the server says, though there is room to write: no busy loop, and nothing
    /// lost. openssl's server does that on command (a line with an `r`); it is stopped in the middle.
    @Test func sendingMayHaveToWaitForReceiving() throws {
        let certificates = try Certificates()
        try certificates.issue("good", alternativeNames: "DNS:localhost")
        let directory = certificates.directory
        let commands = directory.path("commands")
        try #require(mkfifo(commands, 0o600) == 0)
        // Both ends: neither side waits for the other, and the server's input never ends.
        let input = open(commands, O_RDWR | O_CLOEXEC)
        defer { close(input) }
        let server = try ChildProcess(
            [
                "/bin/sh", "-c",
                """
                exec openssl s_server -tls1_2 -accept 127.0.0.1:0 -cert \(directory.path("good.pem")) \
                -key \(directory.path("good.key")) < \(commands)
                """,
            ], output: directory.path("received"))
        try withLoop { loop in
            let multi = CurlMulti(loop)
            var readies = 0
            var wanted = [UInt8]()
            var buffer = [UInt8](repeating: 0, count: 1000)
            var tunnel: CurlTunnel!
            var failure: CurlTunnel.Failure?
            func ready() {
                readies += 1
                do {
                    while try buffer.withUnsafeMutableBytes({ try tunnel.receive(into: $0) }) != .nothingNow {}
                } catch {
                    Issue.record("\(error)")
                    tunnel.close()
                    wanted = []
                }
                guard !wanted.isEmpty else { return }
                let count = (try? wanted.withUnsafeBytes { try tunnel.send($0) }) ?? -1
                #expect(count >= 0)
                wanted.removeFirst(max(0, count))
            }
            var isOver = false
            let timer = Timer(loop) { isOver = true }
            // The line that says where it listens, and that it does.
            let accept = "ACCEPT 127.0.0.1:"
            var port = ""
            loop.run(until: {
                timer.start(after: .milliseconds(5))
                let lines = String(decoding: readFile(directory.path("received")), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
                port = lines.dropLast().first { $0.hasPrefix(accept) }.map { String($0.dropFirst(accept.count)) } ?? ""
                return !port.isEmpty
            })
            tunnel = CurlTunnel(
                loop, multi, url: "https://localhost:\(port)/", usesTLS: true, tls: TLSOptions(caFile: certificates.authority),
                unixSocketPath: nil, connectTimeout: .seconds(20), userAgent: "")
            isOver = false
            tunnel.connect {
                failure = $0
                isOver = true
            } ready: {
                ready()
            }
            timer.stop()
            loop.run(until: { isOver })
            try #require(failure == nil, "\(failure?.text ?? "")")

            try #require(write(input, "r\n", 2) == 2)
            var watched = pollfd(fd: tunnel.socket, events: Int16(POLLIN), revents: 0)
            try #require(poll(&watched, 1, 20_000) == 1)
            kill(server.id, SIGSTOP)
            ready()
            wanted = Array("after all\n".utf8)
            readies = 0
            ready()
            #expect(!wanted.isEmpty, "there was nothing to wait for")
            isOver = false
            timer.start(after: .milliseconds(200))
            while !isOver { loop.runOnce() }
            #expect(!wanted.isEmpty && readies <= 25, "\(readies) calls in 200 ms")

            kill(server.id, SIGCONT)
            loop.run(until: { wanted.isEmpty })
            loop.run(until: {
                timer.start(after: .milliseconds(5))
                return String(decoding: readFile(directory.path("received")), as: UTF8.self).contains("after all")
            })
            timer.close()
            tunnel.close()
            isOver = false
            multi.close { isOver = true }
            loop.run(until: { isOver })
        }
    }
}
