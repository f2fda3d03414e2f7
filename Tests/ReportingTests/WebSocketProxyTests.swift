import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Reporting

/// In processes of their own, since a proxy is named by environment variables.
@Suite(.timeLimit(.minutes(2))) struct WebSocketProxyTests {
    /// A tunnel also without TLS: the proxy sees neither path nor token in its own request.
    @Test func throughATunnel() async {
        await #expect(processExitsWith: .success) {
            let requests = Mutex<[String]>([])
            let server = RawPeer { connection in
                let peer = WebSocketPeer(connection)
                let request = peer.accept()
                requests.withLock { $0.append(request) }
                peer.echo()
            }
            let heads = Mutex<[String]>([])
            let proxy = RawPeer { connection in
                guard let request = connection.request() else { return }
                heads.withLock { $0.append(request.head) }
                connection.send("HTTP/1.1 200 Connection established\r\n\r\n")
                tunnel(connection, to: server.port)
            }
            setenv("http_proxy", "http://me:pr0xy-pass@127.0.0.1:\(proxy.port)", 1)
            let url = "http://coderd.invalid:3000/rpc"
            try withWebSocket(WebSocketConfiguration(url: url, headers: [WebSocketUpgradeTests.token])) { harness in
                harness.open()
                harness.send(Array("echo".utf8))
                harness.loop.run(until: { harness.receivedBytes == 4 || harness.end != nil })
                #expect(harness.received == Array("echo".utf8), "\(String(describing: harness.end))")
            }
            let head = heads.withLock { $0.joined() }
            #expect(head.hasPrefix("CONNECT coderd.invalid:3000 HTTP/1.1\r\n"))
            #expect(head.contains("\r\nProxy-Authorization: Basic bWU6cHIweHktcGFzcw==\r\n"))
            #expect(head.contains("\r\nUser-Agent: boundary-log-proxy\r\n"))
            #expect(!head.contains("t0ken") && !head.contains("/rpc"))
            let request = requests.withLock { $0.joined() }
            #expect(request.hasPrefix("GET /rpc HTTP/1.1\r\nHost: coderd.invalid:3000\r\n"))
            #expect(!request.contains("Proxy-") && request.contains("t0ken"))

            // NO_PROXY.
            setenv("no_proxy", "127.0.0.1", 1)
            try withWebSocket(WebSocketConfiguration(url: server.url)) { harness in
                harness.open()
                harness.runUntilOpen()
                #expect(harness.opens == 1)
            }
            #expect(proxy.connections == 1)
        }
    }

    @Test func aProxyThatWillNot() async {
        await #expect(processExitsWith: .success) {
            let proxy = RawPeer { connection in
                guard let request = connection.request() else { return }
                switch request.head.split(separator: " ").dropFirst().first {
                case "forbidden.invalid:80": connection.send(RawPeer.response(403, body: "not through here"))
                case "endless.invalid:80":
                    connection.send("HTTP/1.1 200 OK\r\n")
                    while connection.send(Array("X-Filler: \(String(repeating: "x", count: 1000))\r\n".utf8)) {}
                default: break
                }
            }
            setenv("http_proxy", "http://me:pr0xy-pass@127.0.0.1:\(proxy.port)", 1)
            for (host, text) in [("forbidden", "403"), ("endless", "longer than 65536 bytes"), ("silent", "aborted")] {
                try withWebSocket(WebSocketConfiguration(url: "http://\(host).invalid/", headers: [WebSocketUpgradeTests.token])) { harness in
                    harness.open()
                    guard case .connectFailed(let reason) = harness.runUntilEnd() else {
                        Issue.record("\(host): \(String(describing: harness.end))")
                        return
                    }
                    #expect(reason.contains(text) && !reason.contains("pr0xy"), "\(host): \(reason)")
                    #expect(harness.client.bytesOut == 0)
                }
            }
        }
    }

    @Test(.enabled(if: Nginx.isInstalled, "needs Debian's nginx-light")) func throughATunnelWithTLS() async {
        await #expect(processExitsWith: .success) {
            let certificates = try Certificates()
            try certificates.issue("good", alternativeNames: "DNS:localhost")
            let server = RawPeer { connection in
                let peer = WebSocketPeer(connection)
                peer.accept()
                peer.echo()
            }
            let site = Nginx.Site(WebSocketTLSTests.directives(certificates, "good"))
            let nginx = try Nginx([site], backend: server.port)
            let heads = Mutex<[String]>([])
            let port = site.port
            let proxy = RawPeer { connection in
                guard let request = connection.request() else { return }
                heads.withLock { $0.append(request.head) }
                connection.send("HTTP/1.1 200 Connection established\r\n\r\n")
                tunnel(connection, to: port)
            }
            setenv("https_proxy", "http://127.0.0.1:\(proxy.port)", 1)
            try withWebSocket(WebSocketTLSTests.configuration(site, certificates)) { harness in
                harness.open()
                harness.toSend = (0..<100).map { [UInt8](repeating: UInt8($0), count: 30_000) }
                harness.client.flush()
                harness.loop.run(until: { harness.receivedBytes == 3_000_000 || harness.end != nil })
                #expect(harness.receivedBytes == 3_000_000, "\(String(describing: harness.end)) \(nginx.log)")
            }
            let head = heads.withLock { $0.joined() }
            #expect(head.hasPrefix("CONNECT localhost:\(port) HTTP/1.1\r\n"))
            #expect(!head.contains("t0ken"))
        }
    }
}
